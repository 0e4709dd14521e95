output "service_account" {
  description = "The service account, for identity.irsa or for EKS's Pod Identity association."
  value       = { namespace = var.namespace, name = var.name }
}

output "config_map" {
  description = "The config map in force; its name follows its content."
  value       = local.config_name
}

output "selector" {
  description = "Labels of the pods of `serve`, for a PodMonitor; the port is called admin."
  value       = local.serve_labels
}
