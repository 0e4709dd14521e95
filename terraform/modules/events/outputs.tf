output "queue_arn" {
  description = "The queue. It may be named in a notification: its policy is in force then."
  value       = local.queue_arn
  # S3 tries the queue when a notification is written.
  depends_on = [aws_sqs_queue_policy.this, aws_kms_key.this]
}

output "queue_name" {
  description = "The queue's name, for alarms and dashboards."
  value       = var.name
}

output "queue_url" {
  description = "The queue's URL, for the worker's sources."
  value       = "https://sqs.${local.region}.${local.suffix}/${local.account}/${var.name}"
}

output "dlq_name" {
  description = "The dead-letter queue's name."
  value       = "${var.name}-dlq"
}

output "kms_key_arn" {
  description = "The queues' key."
  value       = aws_kms_key.this.arn
}

output "visibility_seconds" {
  description = "What the lambda module compares with its timeout."
  value       = var.visibility_seconds
}
