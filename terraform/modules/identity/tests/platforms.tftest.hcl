# The table of the README: who takes which role, and how long a session lasts.

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

run "irsa_straight_into_the_signer" {
  command = plan
  variables {
    platform             = "irsa"
    url_lifetime_seconds = null
    irsa = {
      provider_arn    = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"
      namespace       = "zdr"
      service_account = "zdrworker"
    }
  }

  assert {
    condition     = output.url_lifetime_seconds == 21600 && alltrue([for r in aws_iam_role.signer : r.max_session_duration == 21600])
    error_message = "With IRSA a URL lives six hours, and the signers' sessions with it."
  }
  assert {
    condition = alltrue([for p in [aws_iam_role.worker.assume_role_policy, aws_iam_role.signer["reader"].assume_role_policy, aws_iam_role.signer["writer"].assume_role_policy] :
      jsondecode(p).Statement[0].Action == "sts:AssumeRoleWithWebIdentity" &&
      jsondecode(p).Statement[0].Condition.StringEquals == {
        "oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF:sub" = "system:serviceaccount:zdr:zdrworker"
        "oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF:aud" = "sts.amazonaws.com"
      }
    ])
    error_message = "A role is not bound to the one service account."
  }
  assert {
    condition     = !strcontains(output.worker_policy, "sts:AssumeRole")
    error_message = "The worker's role may become a signer though the token does."
  }
  assert {
    condition = yamldecode(output.configuration).signing.reader == {
      credentials = "web-identity"
      role        = "arn:aws:iam::123456789012:role/zdrworker-reader"
      token_file  = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
    } && yamldecode(output.configuration).signing.lifetime == "21600s" && yamldecode(output.configuration).signing.signature_age == "21600s"
    error_message = "The configuration does not sign by web identity for the same six hours."
  }
  assert {
    condition     = strcontains(output.reader_policy, "\"21600000\"") && strcontains(output.writer_policy, "\"21600000\"")
    error_message = "The signers' policies do not cap signatures at the same number."
  }
}

run "lambda_chains" {
  command = plan
  variables {
    platform             = "lambda"
    url_lifetime_seconds = null
  }

  assert {
    condition     = output.url_lifetime_seconds == 3600
    error_message = "A chained session ends after an hour, so URLs must."
  }
  assert {
    condition = (
      jsondecode(aws_iam_role.worker.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" } &&
      jsondecode(aws_iam_role.signer["reader"].assume_role_policy).Statement[0].Condition == { ArnEquals = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/zdrworker-worker" } }
    )
    error_message = "Lambda is the worker, and the worker alone becomes a signer."
  }
  assert {
    condition = toset(flatten([for s in jsondecode(output.worker_policy).Statement : s.Resource if contains(flatten([s.Action]), "sts:AssumeRole")])) == toset([
      "arn:aws:iam::123456789012:role/zdrworker-reader", "arn:aws:iam::123456789012:role/zdrworker-writer",
    ])
    error_message = "The worker may become something else than the two signers."
  }
  assert {
    condition     = anytrue([for s in jsondecode(output.worker_policy).Statement : contains(flatten([s.Action]), "sqs:GetQueueAttributes") if s.Sid == "WorkQueue"])
    error_message = "Lambda's poller needs the queue's attributes."
  }
}

run "pod_identity_chains_and_tags" {
  command = plan
  variables { platform = "pod-identity" }

  assert {
    condition = (
      toset(jsondecode(aws_iam_role.worker.assume_role_policy).Statement[0].Action) == toset(["sts:AssumeRole", "sts:TagSession"]) &&
      jsondecode(aws_iam_role.worker.assume_role_policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    )
    error_message = "Pod Identity takes the role and tags the session, for this account only."
  }
}

run "users_sign_longer" {
  command = plan
  variables {
    platform             = "principals"
    principal_arns       = ["arn:aws:iam::111122223333:user/batch"]
    url_lifetime_seconds = null
  }

  assert {
    condition     = output.url_lifetime_seconds == 21600
    error_message = "A user takes a role directly: no chain."
  }
}

run "people_through_sso_chain" {
  command = plan
  variables {
    platform             = "principals"
    principal_arns       = ["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0123456789abcdef"]
    url_lifetime_seconds = 7200
  }

  expect_failures = [var.url_lifetime_seconds]
}

run "lambda_cannot_be_told_longer" {
  command = plan
  variables {
    platform             = "lambda"
    url_lifetime_seconds = 7200
  }

  expect_failures = [var.url_lifetime_seconds]
}
