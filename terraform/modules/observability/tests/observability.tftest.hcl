provider "aws" {
  region                      = "us-east-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  queue_name       = "zdrworker"
  dlq_name         = "zdrworker-dlq"
  function_name    = "zdrworker"
  credits_per_hour = 2000
  alarm_actions    = ["arn:aws:sns:us-east-2:123456789012:ops"]
}

run "what_somebody_must_hear_of" {
  command = plan

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.worker)) == toset(["violations", "breaker", "stuck", "left", "silent", "credits"]) && toset(keys(aws_cloudwatch_metric_alarm.plain)) == toset(["dlq", "errors"])
    error_message = "An alarm is missing."
  }
  assert {
    condition     = alltrue([for a in concat(values(aws_cloudwatch_metric_alarm.worker), values(aws_cloudwatch_metric_alarm.plain)) : a.alarm_actions == toset(["arn:aws:sns:us-east-2:123456789012:ops"])])
    error_message = "An alarm tells nobody."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.worker["violations"].threshold == 0 && one([for q in aws_cloudwatch_metric_alarm.worker["violations"].metric_query : q.expression if q.return_data]) == "SELECT SUM(zdrworker_violations_total) FROM \"zdrworker\""
    error_message = "One violation, of any kind, must ring."
  }
  assert {
    condition     = alltrue([for k in ["stuck", "left", "silent"] : one([for q in aws_cloudwatch_metric_alarm.worker[k].metric_query : q.expression if q.return_data]) == "EPOCH(q) - q"])
    error_message = "An age is compared as a time."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.worker["silent"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.worker["stuck"].treat_missing_data == "notBreaching"
    error_message = "Silence must ring where silence is the fault, and only there."
  }
  assert {
    condition     = one([for q in aws_cloudwatch_metric_alarm.worker["credits"].metric_query : q.period]) == 3600 && aws_cloudwatch_metric_alarm.worker["credits"].threshold == 2000
    error_message = "Credits are not counted by the hour."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.plain["dlq"].dimensions == tomap({ QueueName = "zdrworker-dlq" })
    error_message = "The alarm looks at another queue."
  }
}

run "the_dashboard_shows_them" {
  command = plan

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 13 && strcontains(aws_cloudwatch_dashboard.this.dashboard_body, "zdrworker_violations_total")
    error_message = "The dashboard lacks a panel."
  }
  assert {
    condition     = jsondecode(output.grafana_dashboard).uid == "zdrworker"
    error_message = "Grafana's dashboard is no JSON."
  }
}

run "metrics_in_prometheus" {
  command = plan
  variables {
    metrics_in_cloudwatch = false
    function_name         = null
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.worker) == 0 && toset(keys(aws_cloudwatch_metric_alarm.plain)) == toset(["dlq"]) && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 2
    error_message = "Alarms wait for metrics that never come."
  }
}

run "stuck_after_a_minute" {
  command = plan
  variables { stuck_after_seconds = 60 }
  expect_failures = [var.stuck_after_seconds]
}

run "left_before_a_url_ends" {
  command = plan
  variables { left_after_seconds = 3600 }
  expect_failures = [var.left_after_seconds]
}

run "silent_before_a_sweep_is_due" {
  command = plan
  variables { sweep_silent_seconds = 60 }
  expect_failures = [var.sweep_silent_seconds]
}

run "no_credits_at_all" {
  command = plan
  variables { credits_per_hour = 0 }
  expect_failures = [var.credits_per_hour]
}
