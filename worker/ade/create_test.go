package ade

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// formOf reads a multipart form, refusing files.
func formOf(t *testing.T, contentType, body string) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		t.Fatalf("content type %q: %v", contentType, err)
	}
	fields := map[string]string{}
	for r := multipart.NewReader(strings.NewReader(body), params["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return fields
		}
		if err != nil {
			t.Fatal(err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if _, double := fields[part.FormName()]; double || part.FileName() != "" {
			t.Errorf("field %s is doubled or a file", part.FormName())
		}
		fields[part.FormName()] = string(value)
	}
}

func TestCreateSendsTheFormOnly(t *testing.T) {
	for _, model := range []string{"", "extract-20260314"} {
		job := extractJob(t)
		job.Model, job.Strict = model, model != ""
		a := replied(202, `{"job_id":"job-1"}`)
		a.reply.Created = jobID(t, "job-1")
		c, s := answering(a)
		id, err := c.CreateExtractJob(t.Context(), job)
		if err != nil || id != jobID(t, "job-1") {
			t.Fatalf("got %v, %v", id, err)
		}
		got := s.asked[0]
		if got.method != "POST" || got.url != scriptedBase+jobsPath || got.authorization != "Bearer key-1" || !got.deadline {
			t.Errorf("got %s %s, deadline %v", got.method, got.url, got.deadline)
		}
		if got.about != (zdr.Call{Operation: OpCreate, Ref: testRef, Attempt: 1}) {
			t.Errorf("got %+v", got.about)
		}
		want := map[string]string{
			"schema": string(job.Schema.Canonical()), "markdown_url": job.Markdown.Reveal(),
			"output_save_url": job.OutputSave.Reveal(), "strict": map[bool]string{true: "true", false: "false"}[job.Strict],
		}
		if model != "" {
			want["model"] = model
		}
		fields := formOf(t, got.contentType, got.body)
		if len(fields) != len(want) {
			t.Errorf("got %d fields, want %d", len(fields), len(want))
		}
		for name, value := range want {
			if fields[name] != value {
				t.Errorf("field %s differs", name)
			}
		}
	}
}

// keys gives one key after another, then the last for ever.
func keys(names ...string) (KeySource, *int) {
	reads := 0
	return func(context.Context) (zdr.APIKey, error) {
		name := names[min(reads, len(names)-1)]
		reads++
		return zdr.NewAPIKey(name), nil
	}, &reads
}

func TestCreateIsNotSentAgainWithANewKey(t *testing.T) {
	a := replied(202, `{"job_id":"job-1"}`)
	a.reply.Created = jobID(t, "job-1")
	c, s := answering(replied(401, `{"error":"Invalid API Key Format"}`), a)
	source, reads := keys("old", "new")
	c.keys = &keyring{read: source}

	_, err := c.CreateExtractJob(t.Context(), extractJob(t))
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Class != ErrUnauthorized || !e.KeyRenewed || len(s.asked) != 1 {
		t.Fatalf("got %v after %d requests", err, len(s.asked))
	}
	if _, err := c.CreateExtractJob(t.Context(), extractJob(t)); err != nil {
		t.Fatal(err)
	}
	if s.asked[0].authorization != "Bearer old" || s.asked[1].authorization != "Bearer new" || *reads != 2 {
		t.Errorf("got %q, %q after %d reads", s.asked[0].authorization, s.asked[1].authorization, *reads)
	}
}

func TestGetIsSentAgainWithANewKey(t *testing.T) {
	refused := replied(401, ``)
	pending := replied(200, `{"job_id":"job-1","status":"pending","received_at":1,"progress":0}`)
	c, s := answering(refused, pending)
	source, _ := keys("old", "new")
	c.keys = &keyring{read: source}
	job, err := c.ExtractJob(t.Context(), jobID(t, "job-1"), testRef)
	if err != nil || job.Status != StatusPending || len(s.asked) != 2 || s.asked[1].authorization != "Bearer new" {
		t.Errorf("got %v, %v after %d requests", job.Status, err, len(s.asked))
	}
}

func TestARefusedKeyIsNotTriedTwice(t *testing.T) {
	for name, c := range map[string]*Client{
		"fixed":   {keys: fixedKey(zdr.NewAPIKey("old"))},
		"same":    {keys: &keyring{read: func(context.Context) (zdr.APIKey, error) { return zdr.NewAPIKey("old"), nil }}},
		"emptied": {keys: &keyring{held: zdr.NewAPIKey("old"), read: func(context.Context) (zdr.APIKey, error) { return zdr.APIKey{}, nil }}},
		"gone":    {keys: &keyring{held: zdr.NewAPIKey("old"), read: func(context.Context) (zdr.APIKey, error) { return zdr.APIKey{}, io.EOF }}},
	} {
		s := &scripted{answers: []scriptedAnswer{replied(401, ``)}}
		c.boundary = s
		_, err := c.ExtractJobs(t.Context(), ListOptions{})
		if !errors.Is(err, ErrUnauthorized) || len(s.asked) != 1 {
			t.Errorf("%s: got %v after %d requests", name, err, len(s.asked))
		}
	}
}

func TestNoKeyNoRequest(t *testing.T) {
	cause := errors.New("the file is gone")
	for _, source := range []KeySource{
		func(context.Context) (zdr.APIKey, error) { return zdr.APIKey{}, cause },
		func(context.Context) (zdr.APIKey, error) { return zdr.APIKey{}, nil },
	} {
		s := &scripted{answers: []scriptedAnswer{replied(200, `{}`)}}
		c := &Client{boundary: s, keys: &keyring{read: source}}
		_, err := c.CreateExtractJob(t.Context(), extractJob(t))
		if !errors.Is(err, ErrNotSent) || len(s.asked) != 0 || strings.Contains(err.Error(), cause.Error()) {
			t.Errorf("got %v after %d requests", err, len(s.asked))
		}
	}
}
