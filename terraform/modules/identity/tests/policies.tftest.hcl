# What the three roles may do. Everything is planned, nothing is made: with the
# real provider no account is needed either.

provider "aws" {
  region                      = "us-east-2"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

run "golden_files" {
  command = plan

  # testdata is what the whole-system tests run the pipeline with.
  assert {
    condition     = jsondecode(output.worker_policy) == jsondecode(file("testdata/worker.json"))
    error_message = "testdata/worker.json is not what the module renders; terraform/check.sh -write makes it anew."
  }
  assert {
    condition     = jsondecode(output.reader_policy) == jsondecode(file("testdata/reader.json"))
    error_message = "testdata/reader.json is not what the module renders; terraform/check.sh -write makes it anew."
  }
  assert {
    condition     = jsondecode(output.writer_policy) == jsondecode(file("testdata/writer.json"))
    error_message = "testdata/writer.json is not what the module renders; terraform/check.sh -write makes it anew."
  }
  assert {
    condition     = output.configuration == file("testdata/zdrworker.yaml")
    error_message = "testdata/zdrworker.yaml is not what the module renders; terraform/check.sh -write makes it anew."
  }
}

run "signers_do_one_thing" {
  command = plan

  assert {
    condition = alltrue([for who, want in { reader = "s3:GetObject x7k2-9fq4/s/*", writer = "s3:PutObject x7k2-9fq4/o/*" } : [
      for s in jsondecode(who == "reader" ? output.reader_policy : output.writer_policy).Statement :
      "${s.Action} ${replace(s.Resource, "arn:aws:s3:::", "")}" if s.Effect == "Allow" && startswith(s.Sid, "Sign")
    ] == [want]])
    error_message = "A signer may do more, or less, than its one thing."
  }

  assert {
    condition = alltrue([for p in [output.reader_policy, output.writer_policy] : [
      for s in jsondecode(p).Statement : s.Sid if s.Effect == "Allow"
    ] == ["SignOneThing", "UseExchangeKey"]])
    error_message = "A signer is allowed something else."
  }

  assert {
    condition = alltrue([for p in [output.reader_policy, output.writer_policy] : anytrue([
      for s in jsondecode(p).Statement : s.Effect == "Deny" && s.Action == "s3:*" && s.Resource == "*" &&
      try(s.Condition, null) == { StringNotEquals = { "s3:authType" = "REST-QUERY-STRING" } }
    ])])
    error_message = "A signer is not denied what does not come by a presigned URL."
  }

  assert {
    condition = alltrue([for p in [output.reader_policy, output.writer_policy] : anytrue([
      for s in jsondecode(p).Statement : s.Effect == "Deny" && s.Action == "s3:*" && s.Resource == "*" &&
      try(s.Condition, null) == { NumericGreaterThan = { "s3:signatureAge" = "3600000" } }
    ])])
    error_message = "Old signatures are not denied at the life of a URL, in milliseconds."
  }

  assert {
    condition = (
      [for s in jsondecode(output.reader_policy).Statement : s.Action if s.Sid == "UseExchangeKey"] == ["kms:Decrypt"] &&
      [for s in jsondecode(output.writer_policy).Statement : s.Action if s.Sid == "UseExchangeKey"] == ["kms:GenerateDataKey"]
    )
    error_message = "The reader only decrypts and the writer only encrypts."
  }

  assert {
    condition     = alltrue([for r in aws_iam_role.signer : r.max_session_duration == 3600])
    error_message = "A signer's session may last an hour here."
  }
}

run "nothing_broader_than_a_prefix" {
  command = plan

  assert {
    condition = alltrue([
      for a in flatten([for p in [output.worker_policy, output.reader_policy, output.writer_policy] : [
        for s in jsondecode(p).Statement : s.Action if s.Effect == "Allow"
      ]]) : !strcontains(a, "*")
    ])
    error_message = "An action is allowed by a wildcard."
  }

  assert {
    condition = alltrue([
      for r in flatten([for p in [output.worker_policy, output.reader_policy, output.writer_policy] : [
        for s in jsondecode(p).Statement : s.Resource if s.Effect == "Allow"
      ]]) : !strcontains(r, "*") || can(regex("^arn:aws:s3:::[a-z0-9-]+/[a-z]+/([a-z]+/)*\\*$", r))
    ])
    error_message = "Something is allowed on more than a prefix of one bucket."
  }

  # What the worker may write: its own prefixes, staging, and the one object that
  # binds the exchange bucket to it. Not the outbox, not the documents.
  assert {
    condition = toset(flatten([
      for s in jsondecode(output.worker_policy).Statement : s.Resource if contains(flatten([s.Action]), "s3:PutObject")
      ])) == toset([
      "arn:aws:s3:::acme-docs/zdr/*", "arn:aws:s3:::acme-docs/results/*", "arn:aws:s3:::acme-docs/failures/*",
      "arn:aws:s3:::acme-docs/uploads/*", "arn:aws:s3:::x7k2-9fq4/s/*", "arn:aws:s3:::x7k2-9fq4/fleet.json",
    ])
    error_message = "The worker may write more, or less, than what is its own."
  }

  assert {
    condition = toset(flatten([
      for s in jsondecode(output.worker_policy).Statement : s.Resource if contains(flatten([s.Action]), "s3:DeleteObject")
      ])) == toset([
      "arn:aws:s3:::acme-docs/zdr/open/*", "arn:aws:s3:::acme-docs/zdr/drain/*", "arn:aws:s3:::acme-docs/zdr/parsed/*", "arn:aws:s3:::acme-docs/zdr/control/backfill/*",
      "arn:aws:s3:::acme-docs/zdr/control/lists/*", "arn:aws:s3:::acme-docs/zdr/control/budget/*", "arn:aws:s3:::acme-docs/failures/*",
      "arn:aws:s3:::x7k2-9fq4/s/*", "arn:aws:s3:::x7k2-9fq4/o/*",
    ])
    error_message = "The worker may delete more, or less, than what it removes."
  }

  assert {
    condition = alltrue([
      for s in jsondecode(output.worker_policy).Statement : (
        startswith(s.Condition.StringEquals["kms:ViaService"], "s3.") ?
        alltrue([for c in flatten([s.Condition.StringLike["kms:EncryptionContext:aws:s3:arn"]]) : startswith(c, "arn:aws:s3:::")]) :
        startswith(s.Condition.StringEquals["kms:ViaService"], "sqs.us-east-2.")
      ) if anytrue([for a in flatten([s.Action]) : startswith(a, "kms:")])
    ])
    error_message = "A key may be used other than through S3 for these buckets, or through SQS."
  }
}

run "uploads_only_where_asked_for" {
  command = plan
  variables { allow_uploads = false }

  assert {
    condition     = !strcontains(output.worker_policy, "uploads/")
    error_message = "uploads/ may be written though nobody asked."
  }
}

run "a_mounted_key_needs_no_right" {
  command = plan
  variables { api_key_file = "/run/secrets/ade/key" }

  assert {
    condition     = !strcontains(output.worker_policy, "secretsmanager")
    error_message = "The worker may read the secret though the platform mounts it."
  }
  assert {
    condition     = yamldecode(output.configuration).provider == { region = "us", api_key_file = "/run/secrets/ade/key" }
    error_message = "The configuration does not name the mounted file alone."
  }
}

run "the_ledger_is_appended_to" {
  command = plan
  variables {
    ledger_bucket      = "acme-zdr-ledger"
    ledger_kms_key_arn = "arn:aws:kms:us-east-2:111122223333:key/0e000000-0000-0000-0000-000000000004"
  }

  assert {
    condition = toset(flatten([
      for s in jsondecode(output.worker_policy).Statement : s.Action
      if anytrue([for r in flatten([s.Resource]) : r == "arn:aws:s3:::acme-zdr-ledger/*"])
    ])) == toset(["s3:GetObject", "s3:PutObject"])
    error_message = "The worker may do more with evidence than add and read."
  }
  assert {
    condition     = yamldecode(output.configuration).ledger == "s3://acme-zdr-ledger"
    error_message = "The configuration does not name the ledger."
  }
}

run "no_queue_no_right" {
  command = plan
  variables {
    queue_arn         = null
    queue_kms_key_arn = null
  }

  assert {
    condition     = !strcontains(output.worker_policy, "sqs") && yamldecode(output.configuration).sources == []
    error_message = "A worker without a queue has a right to one."
  }
}

run "a_budget_where_asked_for" {
  command = plan
  variables { budget = { credits_per_day = 160000 } }

  assert {
    condition     = yamldecode(output.configuration).budget == { credits_per_day = 160000 }
    error_message = "The configuration does not bound what is spent, or bounds more than was asked for."
  }
}

run "a_secret_under_your_key" {
  command = plan
  variables { secret_kms_key_arn = "arn:aws:kms:us-east-2:111122223333:key/0e000000-0000-0000-0000-000000000005" }

  assert {
    condition = aws_secretsmanager_secret.api_key.kms_key_id == var.secret_kms_key_arn && [
      for s in jsondecode(output.worker_policy).Statement : [s.Action, s.Condition] if s.Resource == var.secret_kms_key_arn
    ] == [["kms:Decrypt", { StringEquals = { "kms:ViaService" = "secretsmanager.us-east-2.amazonaws.com" } }]]
    error_message = "The worker cannot read a secret under your key, or may use the key for more."
  }
}
