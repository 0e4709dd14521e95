// Package account applies to MinIO what the Terraform modules mean on AWS:
// policies of worker, reader and writer, lifecycle, encryption, notifications to
// a queue. It runs the pipeline with exactly those rights, takes each away and
// sees that it is missed, and asks zdrworker doctor about everything that it has
// set up, and about everything that it has broken on purpose.
//
// MinIO is no AWS. It does not apply bucket policies to users who have signed
// in, so the policies are those of the identities; it does not look at
// s3:signatureAge of a presigned PUT; it has no public access block and no
// ownership controls; and its key service asks for no rights. What follows from
// that is said where it matters. Only AWS can show the rest.
//
// Where ZDRWORKER_TEST_IMAGE names an image, made as the release makes it, the
// batch that zdrworker manifests renders is run in it for real.
//
// MinIO runs as a process here: it is told of the queue by variables, and
// connects to it on this machine's loopback.
package account
