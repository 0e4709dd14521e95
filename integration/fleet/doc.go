// Package fleet tests many real worker processes on one store: pods of a
// Kubernetes Job and workers that serve share what there is to do, and are
// stopped and killed while they do it.
package fleet
