package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade/adetest"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/memstore"
	"github.com/zdrworker/zdrworker/zdr"
)

var (
	readFaults  = []faultKind{storeSlowDown, storeDown}
	writeFaults = []faultKind{storeSlowDown, storeDown, storeLost, storeUnsure, storeZombie, storeConflict, storeDoubled}
	copyFaults  = []faultKind{storeSlowDown, storeDown, storeLost, storeUnsure, storeZombie, storeConflict} // sent once
	postFaults  = []faultKind{
		notSent, requestLost, replyLost, replyLate, replyCut, errorBefore, errorAfter, throttled, throttledTold,
		throttleStorm, keyRefused, creditsGone, forbidden, rejected, zombiePost,
	}
	askFaults  = []faultKind{notSent, providerDown, replyCut, replyLate}
	listFaults = []faultKind{notSent, providerDown, listOmits}
)

// intercept is the network between workers and buckets.
func (s *sim) intercept(ctx context.Context, c memstore.Call, do func() error) error {
	p, _ := ctx.Value(processKey{}).(*process)
	if p == nil {
		return do() // the simulation looks for itself
	}
	e := effect{kind: string(c.Op), key: string(c.Op) + " " + c.Key, may: readFaults}
	if s.tracing {
		e.what = s.naming(c.Bucket, c.Key)
	}
	switch {
	case c.Op == memstore.Copy:
		e.may = copyFaults
	case c.Op.Writes():
		e.may = writeFaults
	}
	v := s.park(p, e)
	if v.dead {
		return bucket.ErrUnavailable
	}
	if time.Now().Before(s.outage) {
		return bucket.ErrUnavailable
	}
	return s.store(p, c, v, func() error { return s.applied(ctx, p, c, do) })
}

// store has the effect of a store operation, as the verdict says.
func (s *sim) store(p *process, c memstore.Call, v verdict, do func() error) error {
	switch {
	case v.has(storeSlowDown):
		return bucket.ErrThrottled
	case v.has(storeDown):
		return bucket.ErrUnavailable
	case v.has(storeConflict):
		return bucket.ErrConflict
	case v.has(storeLost):
		return bucket.ErrUnknown
	case v.has(storeUnsure):
		_ = do()
		return bucket.ErrUnknown
	case v.has(storeZombie):
		s.later(v.wait, "store "+string(c.Op)+" "+s.naming(c.Bucket, c.Key), func() { _ = do() })
		return bucket.ErrUnknown
	case v.has(storeDoubled):
		_ = do()
	}
	return do()
}

// applied does an operation and lets the watch see what it changed.
func (s *sim) applied(ctx context.Context, p *process, c memstore.Call, do func() error) error {
	err := do()
	if err == nil && c.Op.Writes() {
		s.watch.wrote(s, p, c)
		s.watch.pace.effect(ctx, s, p, c)
	}
	return err
}

// front is what a worker's guard sends its requests through.
type front struct {
	s *sim
	p *process
}

// RoundTrip is one request to the provider.
func (f front) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	e := effect{kind: "ask", may: askFaults}
	switch {
	case req.Method == http.MethodPost:
		e = effect{kind: "post", key: "post", may: postFaults, what: f.s.watch.posting(f.s, f.p, body)}
	case req.URL.RawQuery != "":
		e = effect{kind: "list-jobs", may: listFaults}
	}
	v := f.s.park(f.p, e)
	if v.dead {
		return nil, zdr.ErrNotSent
	}
	return f.send(req, body, v)
}

func (f front) send(req *http.Request, body []byte, v verdict) (*http.Response, error) {
	s := f.s
	fault, err := s.provide(v)
	if err != nil {
		if v.has(zombiePost) {
			again := copyOf(req, body)
			s.later(v.wait, "post", func() { go s.deliverPost(again) })
		}
		return nil, err
	}
	s.mu.Lock()
	s.next = &fault
	s.mu.Unlock()
	resp, err := s.provider.RoundTripper().RoundTrip(copyOf(req, body))
	if v.has(replyLate) {
		time.Sleep(min(v.wait, 5*time.Minute))
	}
	if ctxErr := req.Context().Err(); ctxErr != nil {
		return nil, ctxErr // answered, and nobody listens any more
	}
	if err != nil {
		return nil, err
	}
	if f.omits(v) {
		resp = omitOne(resp)
	}
	s.theirs.date(resp)
	if req.Method == http.MethodPost && resp.StatusCode == http.StatusAccepted && !v.has(replyCut) {
		s.watch.heard(s, f.p, resp)
	}
	return resp, nil
}

// omits: a list is answered in part for one walk, never for the next.
func (f front) omits(v verdict) bool {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.p.lists++
	if !v.has(listOmits) || f.p.lists < 9 {
		return false
	}
	f.p.lists = 0
	return true
}

// copyOf is a request on the wire: it does not end with who sent it.
func copyOf(req *http.Request, body []byte) *http.Request {
	r := req.Clone(context.WithoutCancel(req.Context()))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

func (s *sim) deliverPost(req *http.Request) {
	s.mu.Lock()
	s.next = &adetest.RequestFault{}
	s.mu.Unlock()
	resp, err := s.provider.RoundTripper().RoundTrip(req)
	if err == nil {
		resp.Body.Close()
	}
}

// errLink is a connection that broke; what was sent may have arrived.
var errLink = errors.New("connection reset")

// provide turns a verdict into a fault of the provider, or into an error when
// nothing reaches it.
func (s *sim) provide(v verdict) (f adetest.RequestFault, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case v.has(notSent):
		return f, zdr.ErrNotSent
	case v.has(requestLost), v.has(zombiePost):
		return f, errLink
	case v.has(replyLost):
		f.Drop = adetest.DropAfter
	case v.has(replyCut):
		f.Drop = adetest.DropWithin
	case v.has(errorBefore), v.has(providerDown):
		f.Status = 503
	case v.has(errorAfter):
		f.Status, f.Accept = 502, true
	case v.has(rejected):
		f.Status = 422
	case v.has(throttled):
		f.Status = 429
	case v.has(throttledTold):
		f.Status, f.RetryAfter = 429, 90*time.Second
	}
	for kind, status := range map[faultKind]int{throttleStorm: 429, keyRefused: 401, creditsGone: 402, forbidden: 403} {
		if v.has(kind) {
			s.window, s.windowStatus = now.Add(v.wait), status
		}
	}
	if f.Drop == 0 && f.Status == 0 && now.Before(s.window) {
		f.Status = s.windowStatus
	}
	return f, nil
}

// omitOne takes one job out of a list: the pages shifted while it was walked.
func omitOne(resp *http.Response) *http.Response {
	body, err := io.ReadAll(resp.Body)
	var list map[string]json.RawMessage
	var jobs []json.RawMessage
	if err == nil && json.Unmarshal(body, &list) == nil && json.Unmarshal(list["jobs"], &jobs) == nil && len(jobs) > 0 {
		list["jobs"], _ = json.Marshal(jobs[1:])
		body, _ = json.Marshal(list)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp
}

// storage is the way from the provider to the exchange bucket: presigned URLs,
// held to what S3 holds them to.
type storage struct{ s *sim }

// RoundTrip serves one presigned GET or PUT.
func (t storage) RoundTrip(req *http.Request) (*http.Response, error) {
	s := t.s
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	e := effect{kind: "fetch", may: []faultKind{fetchFails}}
	if req.Method == http.MethodPut {
		e = effect{kind: "deliver", may: []faultKind{putSlow}}
	}
	key := strings.TrimPrefix(req.URL.Path, "/")
	e.what = s.naming(exchangeName, key)
	v := s.park(nil, e)
	if v.dead || v.has(fetchFails) {
		return nil, errLink
	}
	if status := s.admits(req, key); status != http.StatusOK {
		return answer(req, status, nil), nil
	}
	if req.Method == http.MethodPut {
		return t.put(req, key, body, v)
	}
	content, _, err := s.server.GetRaw(exchangeName, key)
	if err != nil {
		return answer(req, http.StatusNotFound, nil), nil
	}
	return answer(req, http.StatusOK, content), nil
}

// put lands a result. A slow one began while the URL was good and lands later;
// the provider has given up on it by then.
func (t storage) put(req *http.Request, key string, body []byte, v verdict) (*http.Response, error) {
	t.s.puts[key]++
	body = append(body, strings.Repeat(" ", t.s.puts[key]-1)...) // the same result in other bytes
	land := func() {
		t.s.server.PutRaw(exchangeName, key, body, nil)
		t.s.watch.landed(t.s, key)
	}
	if v.has(putSlow) {
		t.s.later(v.wait, "landing", land)
		return nil, errLink
	}
	land()
	return answer(req, http.StatusOK, nil), nil
}

// admits is S3's judgement of a presigned URL: its host, method, prefix and
// time, on S3's own clock.
func (s *sim) admits(req *http.Request, key string) int {
	q := req.URL.Query()
	at, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
	life, err2 := time.ParseDuration(q.Get("X-Amz-Expires") + "s")
	now := s.storeNow()
	who, prefix := readerKey, worker.StagingPrefix
	if req.Method == http.MethodPut {
		who, prefix = writerKey, worker.OutboxPrefix
	}
	switch {
	case err != nil, err2 != nil, req.URL.Host != exchangeHost, !strings.HasPrefix(key, prefix),
		!strings.HasPrefix(q.Get("X-Amz-Credential"), who+"/"):
		return http.StatusForbidden
	case now.Before(at.Add(-15 * time.Minute)), !now.Before(at.Add(life)):
		return http.StatusForbidden
	}
	return http.StatusOK
}

func answer(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		Status: fmt.Sprint(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/markdown"}}, Body: io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)), Request: req,
	}
}

// requestFault is the provider's hook: the fault of the request that was let
// through last.
func (s *sim) requestFault(adetest.Request) adetest.RequestFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := adetest.RequestFault{}
	if s.next != nil {
		f, s.next = *s.next, nil
	}
	return f
}

// jobFault draws how a job goes.
func (s *sim) jobFault(adetest.Job) (f adetest.JobFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, set := range jobFaults {
		if kind := faultKind(kind); set != nil && s.roll(kind) {
			set(s, &f)
		}
	}
	return f
}

var jobFaults = [numFaults]func(*sim, *adetest.JobFault){
	listLag: func(s *sim, f *adetest.JobFault) {
		f.ListLag = simListLag - max(between(s.rng, -simListLag, simListLag), 0)
	},
	getHidden:    func(s *sim, f *adetest.JobFault) { f.Hidden = between(s.rng, time.Second, 10*time.Minute) },
	jobFails:     func(_ *sim, f *adetest.JobFault) { f.End = adetest.EndFailed },
	jobCancelled: func(_ *sim, f *adetest.JobFault) { f.End = adetest.EndCancelled },
	jobUnheard:   func(_ *sim, f *adetest.JobFault) { f.StatusWord = "resting" },
	jobNever:     func(_ *sim, f *adetest.JobFault) { f.End = adetest.EndNever },
	jobSlow: func(s *sim, f *adetest.JobFault) {
		f.Delay = &adetest.Delay{Processing: between(s.rng, 0, 5*time.Hour)}
	},
	putSkipped:     func(_ *sim, f *adetest.JobFault) { f.Landing.Skip = true },
	putFails:       func(_ *sim, f *adetest.JobFault) { f.Landing.Fails = true },
	putTwice:       func(_ *sim, f *adetest.JobFault) { f.Landing.Twice = true },
	putAgain:       func(s *sim, f *adetest.JobFault) { f.Landing.Again = between(s.rng, time.Second, 8*time.Hour) },
	resultGarbage:  func(_ *sim, f *adetest.JobFault) { f.Landing.Alter = adetest.Garbage },
	resultCut:      func(_ *sim, f *adetest.JobFault) { f.Landing.Alter = adetest.Truncate },
	resultHuge:     func(_ *sim, f *adetest.JobFault) { f.Landing.Alter = adetest.Pad(simMaxResult) },
	resultForeign:  func(_ *sim, f *adetest.JobFault) { f.Landing.Alter = adetest.OfAnotherJob },
	resultViolates: func(_ *sim, f *adetest.JobFault) { f.Landing.Alter = breakSchema },
	pagesUnread:    func(_ *sim, f *adetest.JobFault) { f.Landing.Alter = missPages },
	contentLeaks:   func(_ *sim, f *adetest.JobFault) { f.Leak = true },
}

// missPages has a parse say that it could not read its first page.
func missPages(result []byte) []byte {
	return bytes.Replace(result, []byte(`"page_count":`), []byte(`"failed_pages":[0],"page_count":`), 1)
}

// breakSchema makes a number of a text.
func breakSchema(result []byte) []byte {
	return bytes.Replace(result, []byte(`"number":"`), []byte(`"total":"much","number":"`), 1)
}
