package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// adminPort is where health, readiness and metrics are read. nil: there is none.
type adminPort struct {
	listener net.Listener
	server   *http.Server
}

func (s *service) admin() (*adminPort, error) {
	if s.config.Serve.Admin == "" {
		return nil, nil
	}
	l, err := listen("serve.admin", s.config.Serve.Admin)
	if err != nil {
		return nil, err
	}
	p := &adminPort{listener: l, server: &http.Server{
		Handler:           s.adminHandler(),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		// net/http would print bytes that a client sent.
		ErrorLog: log.New(io.Discard, "", 0),
	}}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// adminHandler has three pages and no other: nothing that could show memory.
func (s *service) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if c := s.server.Ready(r.Context()); c != "" {
			say(w, http.StatusServiceUnavailable, string(c))
			return
		}
		say(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	return mux
}

func say(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, word+"\n")
}

// address is where the port is, "" without one.
func (p *adminPort) address() string {
	if p == nil {
		return ""
	}
	return p.listener.Addr().String()
}

// close ends the port; it is up until the worker has drained.
func (p *adminPort) close() error {
	if p == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if p.server.Shutdown(ctx) != nil {
		return p.server.Close()
	}
	return nil
}
