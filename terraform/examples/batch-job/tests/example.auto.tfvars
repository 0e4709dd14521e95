# The values that the tests, and the search for secrets, plan with.
store_bucket      = "acme-docs"
exchange_bucket   = "x7k2-9fq4"
cluster_name      = "acme"
oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"
image             = "registry.example.com/zdrworker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
