# Who may become the worker and the signers: the table in the README.

locals {
  # The issuer is the part of the provider's ARN after oidc-provider/.
  issuer = try(regex("oidc-provider/(.+)$", var.irsa.provider_arn)[0], "none")

  services = {
    lambda       = "lambda.amazonaws.com"
    task         = "ecs-tasks.amazonaws.com"
    instance     = "ec2.amazonaws.com"
    pod-identity = "pods.eks.amazonaws.com"
  }
}

data "aws_iam_policy_document" "web_identity" {
  # The token of one service account of one cluster, made for STS. It is the same
  # statement for the worker and for the signers: with it a pod becomes a signer
  # directly, and the session lasts as long as the role allows.
  statement {
    sid     = "ServiceAccount"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [try(var.irsa.provider_arn, "none")]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:${try(var.irsa.namespace, "none")}:${try(var.irsa.service_account, "none")}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "service" {
  # The platform's service, acting for this account and not for another one that
  # was told this role's ARN. EC2 sends neither key, and instance profiles cannot
  # be used across accounts.
  statement {
    sid = "Platform"
    # EKS Pod Identity tags the session with cluster, namespace and service account.
    actions = concat(["sts:AssumeRole"], var.platform == "pod-identity" ? ["sts:TagSession"] : [])

    principals {
      type        = "Service"
      identifiers = [lookup(local.services, var.platform, "lambda.amazonaws.com")]
    }

    # Lambda sends no source account when it takes a function's role: what keeps
    # others out is that passing a role needs iam:PassRole in this account.
    dynamic "condition" {
      for_each = contains(["task", "pod-identity"], var.platform) ? [1] : []
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account]
      }
    }
  }
}

data "aws_iam_policy_document" "principals" {
  statement {
    sid     = "Principals"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = length(var.principal_arns) > 0 ? var.principal_arns : ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }
}

data "aws_iam_policy_document" "chained" {
  # Only the worker becomes a signer, and the person or the IAM user who may be
  # the worker. The role is named in a condition, not as the principal: a
  # principal that is a role must exist first, and dies when it is made anew.
  statement {
    sid     = "Worker"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = concat([local.role_arn.worker], var.principal_arns)
    }
  }
}

data "aws_iam_policy_document" "worker_trust" {
  source_policy_documents = [
    var.platform == "irsa" ? data.aws_iam_policy_document.web_identity.json :
    var.platform == "principals" ? data.aws_iam_policy_document.principals.json :
    data.aws_iam_policy_document.service.json
  ]
}

data "aws_iam_policy_document" "signer_trust" {
  source_policy_documents = [
    var.platform == "irsa" ? data.aws_iam_policy_document.web_identity.json :
    data.aws_iam_policy_document.chained.json
  ]
}
