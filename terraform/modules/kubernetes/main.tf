# The worker on Kubernetes: the same objects as `zdrworker manifests` writes.

locals {
  uid          = 65532
  labels       = merge(var.labels, { "app.kubernetes.io/name" = "zdrworker", "app.kubernetes.io/instance" = var.name })
  serve_labels = merge(local.labels, { "app.kubernetes.io/component" = "serve" })
  batch_labels = merge(local.labels, { "app.kubernetes.io/component" = "batch" })
  namespace    = var.create_namespace ? kubernetes_namespace_v1.this[0].metadata[0].name : var.namespace

  files = merge(
    var.schemas,
    { "zdrworker.yaml" = var.configuration },
    var.batch == null ? {} : { "batch-0" = "${var.batch.documents}\n" },
  )
  # The name follows the content, so that a change is a new object and a rollout.
  config_name = "${var.name}-${substr(sha256(jsonencode(local.files)), 0, 10)}"
}

resource "kubernetes_namespace_v1" "this" {
  count = var.create_namespace ? 1 : 0

  metadata {
    name = var.namespace
    labels = merge(local.labels, {
      "pod-security.kubernetes.io/enforce" = "restricted"
      "pod-security.kubernetes.io/audit"   = "restricted"
      "pod-security.kubernetes.io/warn"    = "restricted"
    })
  }
}

resource "kubernetes_service_account_v1" "this" {
  automount_service_account_token = false

  metadata {
    name      = var.name
    namespace = local.namespace
    labels    = local.labels

    # IRSA puts a token for STS into the pod, and the worker becomes reader and
    # writer with it directly: their sessions last as long as their roles allow.
    annotations = var.role_arn == null ? {} : { "eks.amazonaws.com/role-arn" = var.role_arn }
  }
}

resource "kubernetes_config_map_v1" "this" {
  immutable = true

  metadata {
    name      = local.config_name
    namespace = local.namespace
    labels    = local.labels
  }

  data = local.files

  lifecycle {
    create_before_destroy = true
  }
}

# ---------------------------------------------------------------------------
# serve

resource "kubernetes_deployment_v1" "serve" {
  count            = var.serve == null ? 0 : 1
  wait_for_rollout = false # without the API key in its place no pod is ready

  metadata {
    name      = "${var.name}-serve"
    namespace = local.namespace
    labels    = local.serve_labels
  }

  spec {
    replicas = var.serve.min_replicas

    selector {
      match_labels = local.serve_labels
    }

    # An extra worker is harmless; one too few only waits.
    strategy {
      type = "RollingUpdate"

      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }

    template {
      metadata {
        labels = local.serve_labels
      }

      spec {
        # Anybody's token for the cluster's own API: the worker has no business there.
        automount_service_account_token = false
        service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
        # The longest step is a request to the provider.
        termination_grace_period_seconds = 120
        enable_service_links             = false

        security_context {
          run_as_non_root = true
          run_as_user     = local.uid
          run_as_group    = local.uid
          fs_group        = local.uid

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name  = "zdrworker"
          image = var.image
          args  = ["serve", "--config", "/etc/zdrworker/zdrworker.yaml", "--serve-admin", ":9090"]

          port {
            name           = "admin"
            container_port = 9090
          }

          liveness_probe {
            period_seconds    = 20
            failure_threshold = 6

            http_get {
              path = "/healthz"
              port = "admin"
            }
          }

          readiness_probe {
            period_seconds = 10

            http_get {
              path = "/readyz"
              port = "admin"
            }
          }

          env {
            name  = "AWS_REGION"
            value = var.region
          }

          resources {
            requests = { cpu = var.resources.cpu, memory = var.resources.memory }
            limits   = { memory = var.resources.memory_limit }
          }

          security_context {
            allow_privilege_escalation = false
            privileged                 = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "config"
            mount_path = "/etc/zdrworker"
            read_only  = true
          }

          # In memory: nothing of a document touches a node's disk.
          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }

          dynamic "volume_mount" {
            for_each = var.api_key_secret == null ? [] : [1]
            content {
              name       = "api-key"
              mount_path = "/run/secrets/ade"
              read_only  = true
            }
          }
        }

        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.this.metadata[0].name
          }
        }

        volume {
          name = "tmp"

          empty_dir {
            medium     = "Memory"
            size_limit = "64Mi"
          }
        }

        # By reference: Terraform never sees the key.
        dynamic "volume" {
          for_each = var.api_key_secret == null ? [] : [var.api_key_secret]
          content {
            name = "api-key"

            secret {
              secret_name  = volume.value.name
              default_mode = "0440"

              items {
                key  = volume.value.key
                path = "key"
              }
            }
          }
        }

        # Workers on different nodes, where there are some.
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "kubernetes.io/hostname"
          when_unsatisfiable = "ScheduleAnyway"

          label_selector {
            match_labels = local.serve_labels
          }
        }
      }
    }
  }

  lifecycle {
    # KEDA's, from the first minute on.
    ignore_changes = [spec[0].replicas]
  }
}

resource "kubernetes_pod_disruption_budget_v1" "serve" {
  count = var.serve == null ? 0 : 1

  metadata {
    name      = "${var.name}-serve"
    namespace = local.namespace
    labels    = local.serve_labels
  }

  spec {
    # By what may be missing: with one replica a minimum would block every drain.
    max_unavailable = "1"

    selector {
      match_labels = local.serve_labels
    }
  }
}

# KEDA asks the queue for its length with KEDA's own role, which needs
# sqs:GetQueueAttributes on it and nothing else: the worker's rights stay with
# the worker.
resource "kubernetes_manifest" "trigger_authentication" {
  count = var.serve != null && var.keda_queue_url != null ? 1 : 0

  manifest = {
    apiVersion = "keda.sh/v1alpha1"
    kind       = "TriggerAuthentication"
    metadata   = { name = "${var.name}-queue", namespace = var.namespace, labels = local.serve_labels }
    spec       = { podIdentity = { provider = "aws" } }
  }

  depends_on = [kubernetes_namespace_v1.this]
}

resource "kubernetes_manifest" "scaled_object" {
  count = var.serve != null && var.keda_queue_url != null ? 1 : 0

  manifest = {
    apiVersion = "keda.sh/v1alpha1"
    kind       = "ScaledObject"
    metadata   = { name = "${var.name}-serve", namespace = var.namespace, labels = local.serve_labels }
    spec = {
      scaleTargetRef  = { apiVersion = "apps/v1", kind = "Deployment", name = "${var.name}-serve" }
      minReplicaCount = var.serve.min_replicas # never 0: one sweeps
      maxReplicaCount = var.serve.max_replicas
      pollingInterval = 30
      cooldownPeriod  = 300
      triggers = [{
        type              = "aws-sqs-queue"
        authenticationRef = { name = "${var.name}-queue" }
        metadata = {
          queueURL    = var.keda_queue_url
          awsRegion   = var.region
          queueLength = tostring(var.messages_per_replica)
          # A hidden message is one that a worker has.
          scaleOnInFlight = "false"
        }
      }]
    }
  }

  depends_on = [kubernetes_deployment_v1.serve, kubernetes_manifest.trigger_authentication]
}

# ---------------------------------------------------------------------------
# Batches. Running one again is free: what was answered is "unchanged".

resource "kubernetes_job_v1" "batch" {
  count               = var.batch != null && try(var.batch.schedule, null) == null ? 1 : 0
  wait_for_completion = false

  metadata {
    name      = "${local.config_name}-batch"
    namespace = local.namespace
    labels    = local.batch_labels
  }

  spec {
    completion_mode         = "Indexed" # FailIndex needs it
    completions             = 1
    parallelism             = 1
    backoff_limit_per_index = var.batch.attempts
    max_failed_indexes      = 1
    # Kept for a person to look at, then gone.
    ttl_seconds_after_finished = var.batch.keep_hours * 3600

    # The exit codes of the worker. First match wins; the others (1, 2, 3, 5) count
    # as tries: going on is free, nothing is asked or billed twice.
    pod_failure_policy {
      # Configuration (64), or a violation (70): no retry helps, a person is needed.
      rule {
        action = "FailJob"

        on_exit_codes {
          container_name = "zdrworker"
          operator       = "In"
          values         = [64, 70]
        }
      }

      # Finished; some documents failed for good.
      rule {
        action = "FailIndex"

        on_exit_codes {
          container_name = "zdrworker"
          operator       = "In"
          values         = [4]
        }
      }

      # The node was drained, or the pod evicted: no try is used up.
      rule {
        action = "Ignore"

        on_pod_condition {
          type   = "DisruptionTarget"
          status = "True"
        }
      }

      # Told to end (130, 143): state is safe, no try is used up.
      rule {
        action = "Ignore"

        on_exit_codes {
          container_name = "zdrworker"
          operator       = "In"
          values         = [130, 143]
        }
      }
    }

    template {
      metadata {
        labels = local.batch_labels
      }

      spec {
        # Anybody's token for the cluster's own API: the worker has no business there.
        automount_service_account_token = false
        service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
        # The longest step is a request to the provider.
        termination_grace_period_seconds = 120
        enable_service_links             = false
        restart_policy                   = "Never"

        security_context {
          run_as_non_root = true
          run_as_user     = local.uid
          run_as_group    = local.uid
          fs_group        = local.uid

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name  = "zdrworker"
          image = var.image
          # What is extracted is in the config map: arguments are in every listing of
          # processes. Nobody is there to be asked (budget.confirm_over): whoever applies
          # this has said yes, and budget bounds what it spends.
          args = ["run", "--files-from", "/etc/zdrworker/batch-$(JOB_COMPLETION_INDEX)", "--config", "/etc/zdrworker/zdrworker.yaml", "--progress", "plain", "--yes"]

          env {
            name  = "AWS_REGION"
            value = var.region
          }


          resources {
            requests = { cpu = var.resources.cpu, memory = var.resources.memory }
            limits   = { memory = var.resources.memory_limit }
          }

          security_context {
            allow_privilege_escalation = false
            privileged                 = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "config"
            mount_path = "/etc/zdrworker"
            read_only  = true
          }

          # In memory: nothing of a document touches a node's disk.
          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }

          dynamic "volume_mount" {
            for_each = var.api_key_secret == null ? [] : [1]
            content {
              name       = "api-key"
              mount_path = "/run/secrets/ade"
              read_only  = true
            }
          }
        }

        volume {
          name = "config"

          config_map {
            name = kubernetes_config_map_v1.this.metadata[0].name
          }
        }

        volume {
          name = "tmp"

          empty_dir {
            medium     = "Memory"
            size_limit = "64Mi"
          }
        }

        # By reference: Terraform never sees the key.
        dynamic "volume" {
          for_each = var.api_key_secret == null ? [] : [var.api_key_secret]
          content {
            name = "api-key"

            secret {
              secret_name  = volume.value.name
              default_mode = "0440"

              items {
                key  = volume.value.key
                path = "key"
              }
            }
          }
        }
      }
    }
  }
}

resource "kubernetes_cron_job_v1" "batch" {
  count = try(var.batch.schedule, null) == null ? 0 : 1

  metadata {
    name      = "${var.name}-batch"
    namespace = local.namespace
    labels    = local.batch_labels
  }

  spec {
    schedule = var.batch.schedule
    timezone = var.batch.timezone
    # Two at a time do no harm, and no good either.
    concurrency_policy            = "Forbid"
    starting_deadline_seconds     = 3600
    successful_jobs_history_limit = 1
    failed_jobs_history_limit     = 3

    job_template {
      metadata {
        labels = local.batch_labels
      }

      spec {
        completion_mode         = "Indexed" # FailIndex needs it
        completions             = 1
        parallelism             = 1
        backoff_limit_per_index = var.batch.attempts
        max_failed_indexes      = 1
        # Kept for a person to look at, then gone.
        ttl_seconds_after_finished = var.batch.keep_hours * 3600

        # The exit codes of the worker. First match wins; the others (1, 2, 3, 5) count
        # as tries: going on is free, nothing is asked or billed twice.
        pod_failure_policy {
          # Configuration (64), or a violation (70): no retry helps, a person is needed.
          rule {
            action = "FailJob"

            on_exit_codes {
              container_name = "zdrworker"
              operator       = "In"
              values         = [64, 70]
            }
          }

          # Finished; some documents failed for good.
          rule {
            action = "FailIndex"

            on_exit_codes {
              container_name = "zdrworker"
              operator       = "In"
              values         = [4]
            }
          }

          # The node was drained, or the pod evicted: no try is used up.
          rule {
            action = "Ignore"

            on_pod_condition {
              type   = "DisruptionTarget"
              status = "True"
            }
          }

          # Told to end (130, 143): state is safe, no try is used up.
          rule {
            action = "Ignore"

            on_exit_codes {
              container_name = "zdrworker"
              operator       = "In"
              values         = [130, 143]
            }
          }
        }

        template {
          metadata {
            labels = local.batch_labels
          }

          spec {
            # Anybody's token for the cluster's own API: the worker has no business there.
            automount_service_account_token = false
            service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
            # The longest step is a request to the provider.
            termination_grace_period_seconds = 120
            enable_service_links             = false
            restart_policy                   = "Never"

            security_context {
              run_as_non_root = true
              run_as_user     = local.uid
              run_as_group    = local.uid
              fs_group        = local.uid

              seccomp_profile {
                type = "RuntimeDefault"
              }
            }

            container {
              name  = "zdrworker"
              image = var.image
              # What is extracted is in the config map: arguments are in every listing of
              # processes. Nobody is there to be asked (budget.confirm_over): whoever applies
              # this has said yes, and budget bounds what it spends.
              args = ["run", "--files-from", "/etc/zdrworker/batch-$(JOB_COMPLETION_INDEX)", "--config", "/etc/zdrworker/zdrworker.yaml", "--progress", "plain", "--yes"]

              env {
                name  = "AWS_REGION"
                value = var.region
              }


              resources {
                requests = { cpu = var.resources.cpu, memory = var.resources.memory }
                limits   = { memory = var.resources.memory_limit }
              }

              security_context {
                allow_privilege_escalation = false
                privileged                 = false
                read_only_root_filesystem  = true
                run_as_non_root            = true

                capabilities {
                  drop = ["ALL"]
                }
              }

              volume_mount {
                name       = "config"
                mount_path = "/etc/zdrworker"
                read_only  = true
              }

              # In memory: nothing of a document touches a node's disk.
              volume_mount {
                name       = "tmp"
                mount_path = "/tmp"
              }

              dynamic "volume_mount" {
                for_each = var.api_key_secret == null ? [] : [1]
                content {
                  name       = "api-key"
                  mount_path = "/run/secrets/ade"
                  read_only  = true
                }
              }
            }

            volume {
              name = "config"

              config_map {
                name = kubernetes_config_map_v1.this.metadata[0].name
              }
            }

            volume {
              name = "tmp"

              empty_dir {
                medium     = "Memory"
                size_limit = "64Mi"
              }
            }

            # By reference: Terraform never sees the key.
            dynamic "volume" {
              for_each = var.api_key_secret == null ? [] : [var.api_key_secret]
              content {
                name = "api-key"

                secret {
                  secret_name  = volume.value.name
                  default_mode = "0440"

                  items {
                    key  = volume.value.key
                    path = "key"
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

# ---------------------------------------------------------------------------
# The network: in, only who scrapes metrics; out, only names and TLS. The
# instance's metadata service is out of reach, so that no pod becomes its node.

resource "kubernetes_network_policy_v1" "this" {
  metadata {
    name      = var.name
    namespace = local.namespace
    labels    = local.labels
  }

  spec {
    policy_types = ["Ingress", "Egress"]

    pod_selector {
      match_labels = local.labels
    }

    ingress {
      from {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = var.monitoring_namespace }
        }
      }

      ports {
        protocol = "TCP"
        port     = "9090"
      }
    }

    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = "kube-system" }
        }
      }

      ports {
        protocol = "UDP"
        port     = "53"
      }

      ports {
        protocol = "TCP"
        port     = "53"
      }
    }

    # S3, SQS, STS and the provider have no fixed addresses.
    egress {
      to {
        ip_block {
          cidr   = "0.0.0.0/0"
          except = ["169.254.169.254/32"]
        }
      }

      ports {
        protocol = "TCP"
        port     = "443"
      }
    }

    # EKS Pod Identity's agent, which answers on the node's link.
    dynamic "egress" {
      for_each = var.role_arn == null ? [1] : []
      content {
        to {
          ip_block {
            cidr = "169.254.170.23/32"
          }
        }

        ports {
          protocol = "TCP"
          port     = "80"
        }
      }
    }
  }
}
