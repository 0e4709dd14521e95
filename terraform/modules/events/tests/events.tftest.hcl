provider "aws" {
  region                      = "us-east-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  store_bucket    = "acme-docs"
  exchange_bucket = "x7k2-9fq4"
  suffixes        = [".md", ".pdf"]
}

run "short_and_encrypted" {
  command = plan

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 86400 && aws_sqs_queue.dlq.message_retention_seconds == 259200
    error_message = "Names of documents lie in a queue for longer than said."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy) == { deadLetterTargetArn = "arn:aws:sqs:us-east-2:123456789012:zdrworker-dlq", maxReceiveCount = 10 }
    error_message = "What cannot be read does not go to the dead-letter queue."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.dlq.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = ["arn:aws:sqs:us-east-2:123456789012:zdrworker"] }
    error_message = "Other queues may use the dead-letter queue."
  }
  assert {
    condition     = aws_kms_key.this.enable_key_rotation && alltrue([for a in flatten([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Action]) : !strcontains(a, "*")])
    error_message = "The key is not rotated, or its policy allows by a wildcard."
  }
}

run "only_our_buckets_and_rule_send" {
  command = plan

  assert {
    condition     = { for s in jsondecode(aws_sqs_queue_policy.this.policy).Statement : s.Sid => s }["BucketsSend"].Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::x7k2-9fq4" }, StringEquals = { "aws:SourceAccount" = "123456789012" } }
    error_message = "S3 may send on behalf of another bucket or account."
  }
  assert {
    condition     = { for s in jsondecode(aws_sqs_queue_policy.this.policy).Statement : s.Sid => s }["RuleSends"].Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-2:123456789012:rule/zdrworker-documents" } }
    error_message = "EventBridge may send on behalf of another rule."
  }
  assert {
    condition     = toset([for s in jsondecode(aws_sqs_queue_policy.this.policy).Statement : "${s.Effect} ${s.Action}"]) == toset(["Deny sqs:*", "Allow sqs:SendMessage"])
    error_message = "The queue allows more than sending."
  }
  assert {
    condition     = { for s in jsondecode(aws_sqs_queue_policy.this.policy).Statement : s.Sid => s }["DenyPlainHTTP"].Condition == { Bool = { "aws:SecureTransport" = "false" } } && jsondecode(aws_sqs_queue_policy.dlq.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "Plain http is not denied."
  }
  assert {
    condition     = { for s in jsondecode(aws_kms_key.this.policy).Statement : s.Sid => s }["BucketsEncrypt"].Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::x7k2-9fq4" }, StringEquals = { "aws:SourceAccount" = "123456789012" } } && { for s in jsondecode(aws_kms_key.this.policy).Statement : s.Sid => s }["RuleEncrypts"].Condition == { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-2:123456789012:rule/zdrworker-documents" } }
    error_message = "The key may be used on behalf of somebody else."
  }
  assert {
    condition     = { for s in jsondecode(aws_kms_key.this.policy).Statement : s.Sid => s }["UseThroughSQS"].Condition == { StringEquals = { "kms:ViaService" = "sqs.us-east-2.amazonaws.com", "kms:CallerAccount" = "123456789012" } }
    error_message = "The key may be used without SQS."
  }
}

run "only_documents_are_told" {
  command = plan
  variables { source_prefixes = ["inbox/", "clinic/lab/"] }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.documents[0].event_pattern) == {
      source      = ["aws.s3"]
      detail-type = ["Object Created", "Object Restore Completed"]
      detail = {
        bucket = { name = ["acme-docs"] }
        object = { key = [{ wildcard = "inbox/*.md" }, { wildcard = "inbox/*.pdf" }, { wildcard = "clinic/lab/*.md" }, { wildcard = "clinic/lab/*.pdf" }] }
      }
    }
    error_message = "The rule takes something else than documents under the sources."
  }
  assert {
    condition     = length(aws_cloudwatch_event_target.documents[0].dead_letter_config) == 0
    error_message = "The rule keeps events that it could not deliver, names and all."
  }
}

run "by_the_buckets_own_notification" {
  command = plan
  variables { route_by = "queue" }

  assert {
    condition     = toset({ for s in jsondecode(aws_sqs_queue_policy.this.policy).Statement : s.Sid => s }["BucketsSend"].Condition.ArnEquals["aws:SourceArn"]) == toset(["arn:aws:s3:::x7k2-9fq4", "arn:aws:s3:::acme-docs"]) && length(aws_cloudwatch_event_rule.documents) == 0 && !strcontains(aws_sqs_queue_policy.this.policy, "events.amazonaws.com")
    error_message = "The store may not send, or EventBridge still may."
  }
}

run "alarms_tell_somebody" {
  command = plan
  variables { alarm_actions = ["arn:aws:sns:us-east-2:123456789012:ops"] }

  assert {
    condition = alltrue([for a in concat(values(aws_cloudwatch_metric_alarm.queue), aws_cloudwatch_metric_alarm.rule) : a.alarm_actions == toset(["arn:aws:sns:us-east-2:123456789012:ops"])]) && (
      aws_cloudwatch_metric_alarm.queue["dead"].dimensions == tomap({ QueueName = "zdrworker-dlq" }) && aws_cloudwatch_metric_alarm.queue["dead"].threshold == 0
    )
    error_message = "An alarm tells nobody, or does not look at the dead-letter queue."
  }
}

run "names_for_a_fortnight" {
  command = plan
  variables { retention_hours = 336 }
  expect_failures = [var.retention_hours]
}

run "a_dead_letter_that_dies_at_once" {
  command = plan
  variables { dlq_retention_hours = 24 }
  expect_failures = [var.dlq_retention_hours]
}

run "overlapping_prefixes" {
  command = plan
  variables { source_prefixes = ["inbox/acme/", "inbox/"] }
  expect_failures = [var.source_prefixes]
}

run "one_bucket_for_two_roles" {
  command = plan
  variables { exchange_bucket = "acme-docs" }
  expect_failures = [var.exchange_bucket]
}

run "one_try_only" {
  command = plan
  variables { max_receives = 1 }
  expect_failures = [var.max_receives]
}
