package ade

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// scripted is a boundary that answers from a list and keeps what it was asked.
type scripted struct {
	mu      sync.Mutex
	answers []scriptedAnswer
	asked   []scriptedRequest
}

type scriptedAnswer struct {
	reply *zdr.Reply
	err   error
}

type scriptedRequest struct {
	method, url, authorization, contentType, body string
	about                                         zdr.Call
	deadline                                      bool
}

const scriptedBase = "https://provider.test"

func (s *scripted) BaseURL() string { return scriptedBase }

// Stream gives the body of a 200 or 206 to w, as the guard does.
func (s *scripted) Stream(ctx context.Context, req *http.Request, about zdr.Call, w io.Writer) (*zdr.Reply, error) {
	reply, err := s.Do(ctx, req, about)
	if err != nil || reply.Status != 200 && reply.Status != 206 {
		return reply, err
	}
	_, err = w.Write(reply.Body)
	return &zdr.Reply{Status: reply.Status}, err
}

func (s *scripted) Do(ctx context.Context, req *http.Request, about zdr.Call) (*zdr.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := scriptedRequest{
		method: req.Method, url: req.URL.String(), about: about,
		authorization: req.Header.Get("Authorization"), contentType: req.Header.Get("Content-Type"),
	}
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		asked.body = string(b)
	}
	_, asked.deadline = ctx.Deadline()
	s.asked = append(s.asked, asked)
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return next.reply, next.err
}

// answering makes a client over a boundary that gives these answers in turn,
// the last one for ever.
func answering(answers ...scriptedAnswer) (*Client, *scripted) {
	s := &scripted{answers: answers}
	return &Client{boundary: s, keys: fixedKey(zdr.NewAPIKey("key-1"))}, s
}

func replied(status int, body string) scriptedAnswer {
	return scriptedAnswer{reply: &zdr.Reply{Status: status, Body: []byte(body)}}
}

func failed(err error) scriptedAnswer { return scriptedAnswer{err: err} }

func jobID(t testing.TB, s string) zdr.JobID {
	t.Helper()
	id, err := zdr.RecordedJobID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const testSchema = `{"type":"object","properties":{"total":{"type":"number","description":"The sum"}}}`

func schemaOf(t testing.TB, raw string) zdr.Schema {
	t.Helper()
	s, err := zdr.ParseSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// noDepository takes every grant: these tests need URLs, not a guard.
type noDepository struct{}

func (noDepository) Deposit(context.Context, zdr.Grant) error { return nil }

func credentials(id string) presign.Identity {
	return presign.Identity{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: "secret-of-" + id}, nil
	})}
}

func signedPair(t testing.TB, d presign.Depository, ref string) presign.Pair {
	t.Helper()
	pair, err := signerFor(t, d).Sign(t.Context(), presign.Ask{StagingKey: "s/staged.md", OutboxKey: "o/result.json", Ref: ref, Attempt: 1})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func signerFor(t testing.TB, d presign.Depository) *presign.Signer {
	t.Helper()
	signer, err := presign.New(presign.Config{
		Bucket: "exchange", Region: "us-east-1", Endpoint: "http://127.0.0.1:9", PathStyle: true,
		Reader: credentials("READER"), Writer: credentials("WRITER"),
		Lifetime: presign.Limits{Asked: time.Hour}, Depository: d,
	})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func extractJob(t testing.TB) ExtractJob {
	t.Helper()
	pair := signedPair(t, noDepository{}, testRef)
	return ExtractJob{Ref: testRef, Attempt: 1, Schema: schemaOf(t, testSchema), Markdown: pair.Get, OutputSave: pair.Put}
}

const testRef = "00112233445566778899aabbccddeeff"

// storedReply is a file of testdata/replies, which is named
// operation-status-what, and begins with parse- where it is about a parse.
type storedReply struct {
	name, op string
	status   int
	body     []byte
}

func storedReplies(t testing.TB) []storedReply {
	t.Helper()
	paths, err := filepath.Glob("testdata/replies/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 20 {
		t.Fatalf("only %d stored replies", len(paths))
	}
	var replies []storedReply
	for _, path := range paths {
		name := filepath.Base(path)
		operation, isParse := strings.CutPrefix(name, "parse-")
		part := strings.FieldsFunc(operation, func(c rune) bool { return c == '-' || c == '.' })
		status, err := strconv.Atoi(part[1])
		if err != nil {
			t.Fatalf("%s has no status in its name", name)
		}
		kind := map[bool]string{true: "parse.", false: "extract."}[isParse]
		replies = append(replies, storedReply{name, kind + part[0], status, readFile(t, path)})
	}
	return replies
}
