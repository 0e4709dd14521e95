# The values that the tests, and the search for secrets, plan with.
store_bucket    = "acme-docs"
exchange_bucket = "x7k2-9fq4"
package         = { s3_bucket = "acme-releases", s3_key = "zdrlambda_linux_arm64.zip" }
