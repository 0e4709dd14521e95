# The objects' wiring. What each may be is the provider's schema, and for KEDA's
# kinds testdata/keda.json.

variables {
  image    = "registry.example.com/zdrworker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  role_arn = "arn:aws:iam::123456789012:role/zdrworker-worker"
  region   = "us-east-2"

  configuration = <<-Y
    version: 1
    store: s3://acme-docs
    exchange: s3://x7k2-9fq4
    provider: {api_key_file: /run/secrets/ade/key}
  Y

  api_key_secret = { name = "ade" }
  schemas        = { "invoice.json" = "{\"type\":\"object\"}" }
  keda_queue_url = "https://sqs.us-east-2.amazonaws.com/123456789012/zdrworker"
  batch          = { documents = "s3://acme-docs/inbox/", schedule = "0 3 * * *" }
}

run "restricted" {
  command = plan

  assert {
    condition = alltrue([
      for pod in [one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0], one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template[0].spec[0]] : alltrue([
        tostring(pod.automount_service_account_token) == "false",
        one(pod.security_context).run_as_non_root, one(one(pod.security_context).seccomp_profile).type == "RuntimeDefault",
        one(one(pod.container).security_context).read_only_root_filesystem, !one(one(pod.container).security_context).allow_privilege_escalation,
        !one(one(pod.container).security_context).privileged, one(one(one(pod.container).security_context).capabilities).drop == tolist(["ALL"]),
        pod.host_network != true, pod.host_pid != true, pod.host_ipc != true,
        one([for v in pod.volume : one(v.empty_dir).medium if v.name == "tmp"]) == "Memory",
      ])
    ])
    error_message = "A pod may do more than restricted pod security allows, or writes to a disk."
  }
  assert {
    condition     = kubernetes_namespace_v1.this[0].metadata[0].labels["pod-security.kubernetes.io/enforce"] == "restricted"
    error_message = "The namespace does not enforce restricted pod security."
  }
  assert {
    condition     = kubernetes_service_account_v1.this.automount_service_account_token == false && kubernetes_service_account_v1.this.metadata[0].annotations["eks.amazonaws.com/role-arn"] == var.role_arn
    error_message = "The service account mounts a token for the cluster, or is not the role's."
  }
}

run "no_names_and_no_secrets" {
  command = plan

  assert {
    condition     = alltrue([for pod in [one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0], one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template[0].spec[0]] : alltrue([for a in one(pod.container).args : !strcontains(a, "s3://") && !strcontains(a, "acme")])])
    error_message = "An argument of a pod names a bucket or a prefix."
  }
  assert {
    condition     = alltrue([for pod in [one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0], one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template[0].spec[0]] : toset([for e in one(pod.container).env : e.value if e.value != null && e.value != ""]) == toset(["us-east-2"])])
    error_message = "A variable of a pod has another literal value than the region."
  }
  assert {
    condition     = alltrue([for pod in [one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0], one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template[0].spec[0]] : one([for v in pod.volume : one(v.secret).secret_name if v.name == "api-key"]) == "ade"]) && !strcontains(jsonencode(kubernetes_config_map_v1.this.data), "api-key")
    error_message = "The API key is not mounted from the Secret by reference."
  }
  assert {
    condition     = alltrue([for pod in [one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0], one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template[0].spec[0]] : alltrue([for m in one(pod.container).volume_mount : m.mount_path == "/run/secrets/ade" && m.read_only if m.name == "api-key"])])
    error_message = "The API key lies elsewhere than the configuration says."
  }
}

run "exit_codes" {
  command = plan

  assert {
    condition     = length(kubernetes_cron_job_v1.batch) == 1 && length(kubernetes_job_v1.batch) == 0
    error_message = "A batch with a schedule runs at once as well."
  }

  assert {
    condition     = kubernetes_config_map_v1.this.data["batch-0"] == "s3://acme-docs/inbox/\n" && contains(one(one(one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template[0].spec).container).args, "/etc/zdrworker/batch-$(JOB_COMPLETION_INDEX)")
    error_message = "The batch reads its documents from elsewhere than the config map."
  }

  assert {
    condition = [for r in one(one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).pod_failure_policy).rule : [r.action, try(one(r.on_exit_codes).values, null), try(one(r.on_pod_condition).type, null)]] == [
      ["FailJob", tolist([64, 70]), null], ["FailIndex", tolist([4]), null], ["Ignore", null, "DisruptionTarget"], ["Ignore", tolist([130, 143]), null],
    ]
    error_message = "Exit codes of the worker do not mean what the contract says."
  }
  assert {
    condition     = one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).completion_mode == "Indexed" && one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).backoff_limit_per_index == 6 && one(kubernetes_cron_job_v1.batch[0].spec).concurrency_policy == "Forbid"
    error_message = "FailIndex needs an indexed job with a limit per index."
  }
}

run "one_job_without_a_schedule" {
  command = plan
  variables {
    batch = { documents = "s3://acme-docs/inbox/" }
    serve = null
  }

  assert {
    condition     = length(kubernetes_job_v1.batch) == 1 && length(kubernetes_cron_job_v1.batch) == 0 && length(kubernetes_deployment_v1.serve) == 0 && length(kubernetes_manifest.scaled_object) == 0
    error_message = "A batch without a schedule is one Job and nothing else."
  }
  assert {
    condition = alltrue([
      for pod in [one(one(kubernetes_job_v1.batch[0].spec).template).spec[0]] : alltrue([
        tostring(pod.automount_service_account_token) == "false",
        one(pod.security_context).run_as_non_root, one(one(pod.security_context).seccomp_profile).type == "RuntimeDefault",
        one(one(pod.container).security_context).read_only_root_filesystem, !one(one(pod.container).security_context).allow_privilege_escalation,
        !one(one(pod.container).security_context).privileged, one(one(one(pod.container).security_context).capabilities).drop == tolist(["ALL"]),
        pod.host_network != true, pod.host_pid != true, pod.host_ipc != true,
        one([for v in pod.volume : one(v.empty_dir).medium if v.name == "tmp"]) == "Memory",
      ])
    ])
    error_message = "The Job's pod may do more than restricted pod security allows."
  }
  assert {
    condition = [for r in one(one(kubernetes_job_v1.batch[0].spec).pod_failure_policy).rule : [r.action, try(one(r.on_exit_codes).values, null)]] == [
      ["FailJob", tolist([64, 70])], ["FailIndex", tolist([4])], ["Ignore", null], ["Ignore", tolist([130, 143])],
    ]
    error_message = "Exit codes of the worker do not mean what the contract says."
  }
}

run "scaled_by_the_queue" {
  command = plan

  assert {
    condition = kubernetes_manifest.scaled_object[0].manifest.spec.triggers[0].metadata == {
      queueURL = var.keda_queue_url, awsRegion = "us-east-2", queueLength = "100", scaleOnInFlight = "false"
    } && kubernetes_manifest.scaled_object[0].manifest.spec.scaleTargetRef.name == one(kubernetes_deployment_v1.serve[0].metadata).name && kubernetes_manifest.scaled_object[0].manifest.spec.minReplicaCount == 1
    error_message = "KEDA does not scale the Deployment by the queue, or scales the sweep away."
  }
  # Terraform has no schema of KEDA's kinds: the file is held to what KEDA publishes
  # by integration/kubernetes.
  assert {
    condition     = jsonencode([kubernetes_manifest.trigger_authentication[0].manifest, kubernetes_manifest.scaled_object[0].manifest]) == jsonencode(jsondecode(file("testdata/keda.json")))
    error_message = "testdata/keda.json is not what the module renders; correct it by hand, and run the tests of integration/kubernetes."
  }
  assert {
    condition     = one(kubernetes_pod_disruption_budget_v1.serve[0].spec).max_unavailable == "1"
    error_message = "A drain is blocked, or takes all workers at once."
  }
}

run "the_network_is_closed" {
  command = plan

  assert {
    condition     = toset(one(kubernetes_network_policy_v1.this.spec).policy_types) == toset(["Ingress", "Egress"]) && length(one(kubernetes_network_policy_v1.this.spec).ingress) == 1 && toset(flatten([for e in one(kubernetes_network_policy_v1.this.spec).egress : [for p in e.ports : p.port]])) == toset(["53", "443"])
    error_message = "Something else than metrics comes in, or than DNS and TLS goes out."
  }
  assert {
    condition     = anytrue([for e in one(kubernetes_network_policy_v1.this.spec).egress : anytrue([for t in e.to : contains(one(t.ip_block).except, "169.254.169.254/32") if length(t.ip_block) > 0])])
    error_message = "The node's metadata service is in reach."
  }
}

run "probes" {
  command = plan

  assert {
    condition     = one(one(one(one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0].container).readiness_probe).http_get).path == "/readyz" && one(one(one(one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0].container).liveness_probe).http_get).path == "/healthz" && one(one(kubernetes_deployment_v1.serve[0].spec).template).spec[0].termination_grace_period_seconds == 120
    error_message = "Probes ask something else, or a step in hand is cut off."
  }
}

run "nobody_is_asked" {
  command = plan
  variables { batch = { documents = "s3://acme-docs/inbox/" } }

  assert {
    condition     = contains(one(one(one(kubernetes_job_v1.batch[0].spec).template).spec[0].container).args, "--yes")
    error_message = "The batch waits for a person who is not there."
  }
}

run "nobody_is_asked_at_night" {
  command = plan
  variables { batch = { documents = "s3://acme-docs/inbox/", schedule = "0 3 * * *" } }

  assert {
    condition     = contains(one(one(one(one(one(kubernetes_cron_job_v1.batch[0].spec).job_template).spec).template).spec[0].container).args, "--yes")
    error_message = "The batch waits for a person who is not there."
  }
}

run "a_tag_instead_of_a_digest" {
  command = plan
  variables { image = "registry.example.com/zdrworker:latest" }
  expect_failures = [var.image]
}

run "a_document_in_the_arguments" {
  command = plan
  variables { batch = { documents = "s3://acme-docs/inbox/acme/0001.pdf" } }
  expect_failures = [var.batch]
}

run "nobody_to_sweep" {
  command = plan
  variables { serve = { min_replicas = 0 } }
  expect_failures = [var.serve]
}

run "a_file_that_nobody_mounts" {
  command = plan
  variables { api_key_secret = null }
  expect_failures = [var.api_key_secret]
}

run "a_schema_that_is_no_json" {
  command = plan
  variables { schemas = { "a.json" = "type: object" } }
  expect_failures = [var.schemas]
}

run "a_configuration_that_is_none" {
  command = plan
  variables { configuration = "s3://acme-docs/zdrworker.yaml" }
  expect_failures = [var.configuration]
}

run "a_replica_a_message" {
  command = plan
  variables { messages_per_replica = 1 }
  expect_failures = [var.messages_per_replica]
}
