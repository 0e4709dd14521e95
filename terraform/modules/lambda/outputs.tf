output "function_name" {
  description = "The function's name, for alarms and dashboards."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "The function's ARN."
  value       = local.function_arn
}

output "log_group" {
  description = "The log group, for `aws logs tail`."
  value       = local.log_group
}
