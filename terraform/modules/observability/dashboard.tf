# The dashboard of CloudWatch. SEARCH takes whatever dimensions a metric has.

locals {
  panels = concat(
    !var.metrics_in_cloudwatch ? [] : [
      { title = "Violations (must be 0)", metric = "zdrworker_violations_total", stat = "Sum" },
      { title = "Jobs by outcome", metric = "zdrworker_jobs_total", stat = "Sum" },
      { title = "Open jobs", metric = "zdrworker_jobs_open", stat = "Maximum" },
      { title = "Credits", metric = "zdrworker_credits_total", stat = "Sum" },
      { title = "From claim to sealed result, seconds", metric = "zdrworker_job_duration_seconds", stat = "p95" },
      { title = "Requests to the provider", metric = "zdrworker_provider_requests_total", stat = "Sum" },
      { title = "Objects in the exchange bucket", metric = "zdrworker_staged_objects", stat = "Maximum" },
      { title = "Guard refusals", metric = "zdrworker_guard_refusals_total", stat = "Sum" },
      { title = "Requests to the buckets", metric = "zdrworker_store_requests_total", stat = "Sum" },
      { title = "Breaker", metric = "zdrworker_breaker_open", stat = "Maximum" },
    ],
  )

  # Each metric with the dimensions that it has, from the worker's own code.
  own = [
    for p in local.panels : {
      title   = p.title
      metrics = [[{ expression = "SEARCH('Namespace=\"${var.namespace}\" MetricName=\"${p.metric}\"', '${p.stat}', 300)", id = "s" }]]
    }
  ]

  queues = [
    for q in compact([var.queue_name, var.dlq_name]) : {
      title   = "Messages in ${q}"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", q], [".", "ApproximateAgeOfOldestMessage", ".", ".", { yAxis = "right" }]]
    }
  ]

  functions = [
    for f in compact([var.function_name]) : {
      title   = "The function"
      metrics = [["AWS/Lambda", "Invocations", "FunctionName", f], [".", "Errors", ".", "."], [".", "Throttles", ".", "."]]
    }
  ]

  widgets = [
    for i, w in concat([for x in local.own : jsonencode(x)], [for x in local.queues : jsonencode(x)], [for x in local.functions : jsonencode(x)]) : {
      type       = "metric"
      x          = (i % 2) * 12
      y          = floor(i / 2) * 6
      width      = 12
      height     = 6
      properties = merge(jsondecode(w), { region = data.aws_region.current.region, period = 300, view = "timeSeries" })
    }
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
