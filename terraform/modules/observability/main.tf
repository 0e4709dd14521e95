# What somebody must hear of. Alarms on the worker's metrics ask by query, so that
# they add up all routes and reasons, new ones too.

data "aws_region" "current" {}

locals {
  from = "FROM \"${var.namespace}\""

  # Each is a query and, for what is a time, how long ago that was.
  watched = {
    violations = {
      query       = "SELECT SUM(zdrworker_violations_total) ${local.from}"
      ago         = false
      above       = 0
      missing     = "notBreaching"
      description = "Content reached the provider's side, or came back from there, outside of the two URLs. Submissions have stopped. Do not resume before `zdrworker status` and the ledger have been read."
    }
    breaker = {
      query       = "SELECT MAX(zdrworker_breaker_open) ${local.from}"
      ago         = false
      above       = 0
      missing     = "notBreaching"
      description = "Nothing is submitted: key, credits or a violation. `zdrworker status` says which and what to do."
    }
    stuck = {
      query       = "SELECT MIN(zdrworker_jobs_oldest_timestamp_seconds) ${local.from}"
      ago         = true
      above       = var.stuck_after_seconds
      missing     = "notBreaching" # no open job, no such metric
      description = "A job has been open for too long. `zdrworker jobs list` and `jobs explain` say what it waits for."
    }
    left = {
      query       = "SELECT MIN(zdrworker_staged_oldest_timestamp_seconds) ${local.from}"
      ago         = true
      above       = var.left_after_seconds
      missing     = "notBreaching" # nothing staged, no such metric
      description = "Something lies in the exchange bucket for longer than any job. `zdrworker sweep --once` removes what is nobody's; lifecycle takes the rest."
    }
    silent = {
      query       = "SELECT MAX(zdrworker_sweep_last_success_timestamp_seconds) ${local.from}"
      ago         = true
      above       = var.sweep_silent_seconds
      missing     = "breaching" # silence is what it is about
      description = "No sweep has ended. Jobs that no event covers wait for ever."
    }
    credits = {
      query       = "SELECT SUM(zdrworker_credits_total) ${local.from}"
      ago         = false
      above       = var.credits_per_hour
      missing     = "notBreaching"
      description = "More credits in an hour than expected. `zdrworker pause` stops submissions and loses nothing."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "worker" {
  for_each = { for k, v in local.watched : k => v if var.metrics_in_cloudwatch }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  evaluation_periods  = 1
  treat_missing_data  = each.value.missing
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags

  metric_query {
    id          = "q"
    expression  = each.value.query
    period      = each.key == "credits" ? 3600 : 300
    label       = each.key
    return_data = !each.value.ago
  }

  # EPOCH gives the time of each point, so the difference is an age.
  dynamic "metric_query" {
    for_each = each.value.ago ? [1] : []
    content {
      id          = "age"
      expression  = "EPOCH(q) - q"
      label       = "seconds ago"
      return_data = true
    }
  }
}

locals {
  plain = merge(
    var.dlq_name == null ? {} : {
      dlq = {
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = coalesce(var.dlq_name, "none") }
        statistic   = "Maximum"
        periods     = 12
        description = "Messages have lain in the dead-letter queue for an hour and nobody has looked. They are dropped when their retention ends."
      }
    },
    var.function_name == null ? {} : {
      errors = {
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        dimensions  = { FunctionName = coalesce(var.function_name, "none") }
        statistic   = "Sum"
        periods     = 3
        description = "The function fails. Its log says where: codes, no names."
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "plain" {
  for_each = local.plain

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
