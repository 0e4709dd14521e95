// Package kubernetes holds what zdrworker manifests writes to the published
// types of the Kubernetes API, decoded as an API server does it that was told to
// be strict: no field that it does not know, none twice, none in other letters.
// KEDA's kinds are held to a list of what KEDA publishes.
//
// It is a module of its own, so that nobody who builds zdrworker downloads the
// API of Kubernetes:
//
//	go -C integration/kubernetes test ./...
//
// What only a cluster knows that does not show: whether a value is one that the
// cluster admits. Where ZDRWORKER_TEST_KUBECONFIG names a kubeconfig, its API
// server is asked, by kubectl and without keeping anything:
//
//	ZDRWORKER_TEST_KUBECONFIG=~/.kube/config go -C integration/kubernetes test -v -run TestServer
package kubernetes
