# What is wrong with the queue itself. What is wrong with the work is in the
# observability module.

locals {
  alarms = {
    dead = {
      queue       = "${var.name}-dlq"
      metric      = "ApproximateNumberOfMessagesVisible"
      above       = 0
      description = "A message could not be read: look at its shape, correct what sends it, move it back or delete it. It is dropped after ${var.dlq_retention_hours} hours."
    }
    waiting = {
      queue       = var.name
      metric      = "ApproximateAgeOfOldestMessage"
      above       = var.oldest_message_seconds
      description = "Nobody takes messages, or too slowly. Nothing is lost: a scan finds what a dropped message named."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

# EventBridge could not hand an event to the queue: a policy or a key is wrong.
resource "aws_cloudwatch_metric_alarm" "rule" {
  count = var.route_by == "eventbridge" ? 1 : 0

  alarm_name          = "${var.name}-rule"
  alarm_description   = "EventBridge cannot hand documents to the queue: look at the queue's policy and at the key's."
  namespace           = "AWS/Events"
  metric_name         = "FailedInvocations"
  dimensions          = { RuleName = aws_cloudwatch_event_rule.documents[0].name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
