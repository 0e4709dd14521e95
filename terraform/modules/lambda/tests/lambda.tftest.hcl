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
  role_arn                 = "arn:aws:iam::123456789012:role/zdrworker-worker"
  role_name                = "zdrworker-worker"
  configuration            = "version: 1\nstore: s3://acme-docs\n"
  package                  = { s3_bucket = "acme-releases", s3_key = "zdrlambda.zip" }
  queue_arn                = "arn:aws:sqs:us-east-2:123456789012:zdrworker"
  queue_visibility_seconds = 720
}

run "nothing_stores_events" {
  command = plan

  assert {
    condition     = length(aws_lambda_function.this.dead_letter_config) == 0 && length(aws_lambda_function_event_invoke_config.this.destination_config) == 0 && length(aws_lambda_event_source_mapping.queue.destination_config) == 0
    error_message = "A failed call is stored somewhere, names and all."
  }
  assert {
    condition     = alltrue([for t in aws_scheduler_schedule.sweep.target : length(t.dead_letter_config) == 0])
    error_message = "A failed sweep is stored somewhere."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 0
    error_message = "A failed sweep is repeated though the next one comes by itself."
  }
}

run "one_bad_message_fails_alone" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.queue.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "A batch fails whole."
  }
  assert {
    condition     = one(aws_lambda_event_source_mapping.queue.scaling_config).maximum_concurrency == 9 && aws_lambda_function.this.reserved_concurrent_executions == 10
    error_message = "The poller takes more messages than functions may run, or leaves none to the sweep."
  }
}

run "no_secret_in_a_variable" {
  command = plan

  assert {
    condition     = one(aws_lambda_function.this.environment).variables == tomap({ ZDRWORKER_CONFIG = var.configuration })
    error_message = "The function has other variables than the configuration."
  }
}

run "the_log_is_short_and_encrypted" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 30 && one(aws_lambda_function.this.logging_config).log_group == "/aws/lambda/zdrworker"
    error_message = "The log is kept for ever, or another one is written."
  }
  assert {
    condition     = { for s in jsondecode(aws_kms_key.log.policy).Statement : s.Sid => s }["EncryptTheLog"].Condition == { ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/zdrworker" } } && { for s in jsondecode(aws_kms_key.log.policy).Statement : s.Sid => s }["EncryptTheLog"].Principal == { Service = "logs.us-east-2.amazonaws.com" }
    error_message = "The key may be used for another log group."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.log.policy).Statement[0].Resource == "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/zdrworker:*" && length(jsondecode(aws_iam_role_policy.log.policy).Statement) == 1 && !contains(jsondecode(aws_iam_role_policy.log.policy).Statement[0].Action, "logs:CreateLogGroup")
    error_message = "The worker may write another log, or make one."
  }
}

run "the_sweep_calls_the_function_alone" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role_policy.sweep.policy).Statement == [{ Sid = "CallTheFunction", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = "arn:aws:lambda:us-east-2:123456789012:function:zdrworker" }]
    error_message = "The schedule's role may do something else."
  }
  assert {
    condition     = one(aws_scheduler_schedule.sweep.target).arn == "arn:aws:lambda:us-east-2:123456789012:function:zdrworker" && aws_scheduler_schedule.sweep.schedule_expression == "rate(5 minutes)"
    error_message = "The schedule does not call the function."
  }
}

run "a_visibility_that_is_too_short" {
  command = plan
  variables { queue_visibility_seconds = 120 }
  expect_failures = [var.queue_visibility_seconds]
}

run "a_key_in_the_configuration" {
  command = plan
  variables { configuration = "provider: {api_key_file: /run/secrets/ade/key}" }
  expect_failures = [var.configuration]
}

run "a_configuration_without_room" {
  command = plan
  variables { configuration = join("", [for i in range(400) : "# 12345678"]) }
  expect_failures = [var.configuration]
}

run "two_packages" {
  command = plan
  variables { package = { filename = "a.zip", s3_bucket = "acme-releases", s3_key = "zdrlambda.zip" } }
  expect_failures = [var.package]
}

run "a_timeout_below_a_request" {
  command = plan
  variables { timeout_seconds = 30 }
  expect_failures = [var.timeout_seconds]
}

run "no_room_for_the_sweep" {
  command = plan
  variables { concurrency = 1 }
  expect_failures = [var.concurrency]
}

run "a_sweep_once_a_day" {
  command = plan
  variables { sweep_every = "rate(1 day)" }
  expect_failures = [var.sweep_every]
}

run "a_retention_that_is_none" {
  command = plan
  variables { log_days = 0 }
  expect_failures = [var.log_days]
}
