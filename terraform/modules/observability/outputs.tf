output "alarm_names" {
  description = "The alarms that were made."
  value       = concat([for a in aws_cloudwatch_metric_alarm.worker : a.alarm_name], [for a in aws_cloudwatch_metric_alarm.plain : a.alarm_name])
}

output "grafana_dashboard" {
  description = "A dashboard for Grafana on Prometheus, as JSON to import."
  value       = file("${path.module}/grafana.json")
}
