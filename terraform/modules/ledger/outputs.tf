output "bucket_name" {
  description = "The bucket's name."
  value       = var.bucket_name
}

output "kms_key_arn" {
  description = "The bucket's key."
  value       = aws_kms_key.this.arn
}

output "bucket_policy" {
  description = "What the bucket refuses, as JSON, for a review."
  value       = data.aws_iam_policy_document.bucket.json
}
