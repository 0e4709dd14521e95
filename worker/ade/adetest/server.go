package adetest

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server is a [Provider] behind a listener of its own.
type Server struct {
	*Provider
	// URL is the base URL, such as http://127.0.0.1:40123: what the vendor's
	// SDKs take as base URL or LANDINGAI_ADE_BASE_URL.
	URL string

	http   *http.Server
	served chan struct{}
}

// Start listens at Options.Addr and serves until [Server.Close].
func Start(o Options) (*Server, error) {
	o = o.withDefaults()
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("adetest: listen: %w", err)
	}
	p := New(o)
	s := &Server{
		Provider: p,
		URL:      "http://" + l.Addr().String(),
		http:     &http.Server{Handler: p.Handler(), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second},
		served:   make(chan struct{}),
	}
	go s.serve(l)
	return s, nil
}

func (s *Server) serve(l net.Listener) {
	defer close(s.served)
	_ = s.http.Serve(l) // ends with ErrServerClosed, by Close
}

// Close closes the listener and every connection, then the provider.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.served
	return errors.Join(err, s.Provider.Close())
}
