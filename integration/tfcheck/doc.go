// Command tfcheck is the part of terraform/check.sh that Terraform has no words
// for: the tables of the READMEs, the golden files of policies and
// configurations, and the search of plans for secrets.
package main
