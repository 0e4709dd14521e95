package trigger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/worker/trigger"
	"github.com/zdrworker/zdrworker/zdr/zdrtest"
)

var names = trigger.Options{Buckets: []string{"acme-docs"}, Exchange: "x7k2-9fq4"}

// said is an event in full, for comparing in tests.
func said(e trigger.Event) string {
	return fmt.Sprintf("%s bucket=%q key=%q version=%q etag=%q size=%d sequencer=%q token=%q",
		e.Kind, e.Bucket.Reveal(), e.Key.Reveal(), e.Version, e.ETag.Reveal(), e.Size, e.Sequencer, e.Token)
}

func saidAll(events []trigger.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, said(e))
	}
	return all
}

// message reads one of the messages in testdata.
func message(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "messages", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

const (
	s3Created     = `created bucket="acme-docs" key="inbox/acme/a b+c ü.md" version="096fKKXTRTtl3on89fVO.nfljtsv6qko" etag="d41d8cd98f00b204e9800998ecf8427e" size=1024 sequencer="0055AED6DCD90281E5" token=""`
	bridgeCreated = `created bucket="acme-docs" key="inbox/acme/a+b%2Bc ü.md" version="IYV3p45BT0ac8hjHg1houSdS1a.Mro8e" etag="b1946ac92492d2347c6235b4d2611184" size=1024 sequencer="617f08299329d189" token=""`
)

var decoded = map[string]struct {
	want   []string
	reason trigger.Reason
}{
	"s3_created": {want: []string{s3Created}},
	"s3_removed": {want: []string{`removed bucket="acme-docs" key="inbox/1.md" version="3HL4kqtJvjVBH40Nrjfkd" etag="" size=0 sequencer="0055AED6DCD90281E6" token=""`}},
	"s3_many": {want: []string{
		`created bucket="acme-docs" key="inbox/1.md" version="" etag="e1-2" size=7 sequencer="01" token=""`,
		`removed bucket="acme-docs" key="inbox/2.md" version="" etag="" size=0 sequencer="" token=""`,
		`result bucket="x7k2-9fq4" key="o/dG9rZW4.json" version="" etag="e3" size=9 sequencer="03" token="dG9rZW4"`,
	}},
	"s3_foreign": {
		want:   []string{`created bucket="acme-docs" key="inbox/1.md" version="" etag="e1" size=7 sequencer="" token=""`},
		reason: trigger.ReasonBucket,
	},
	"s3_test":             {},
	"eventbridge_created": {want: []string{bridgeCreated}},
	"eventbridge_removed": {want: []string{`removed bucket="acme-docs" key="inbox/1.md" version="1QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF" etag="b1946ac92492d2347c6235b4d2611184" size=0 sequencer="617f0837b476e463" token=""`}},
	"eventbridge_tags":    {},
	"eventbridge_result":  {want: []string{`result bucket="x7k2-9fq4" key="o/dG9rZW4.json" version="" etag="e3" size=9 sequencer="617f08299329d190" token="dG9rZW4"`}},
	"minio_created":       {want: []string{`created bucket="acme-docs" key="in box/a+b %41 & \"ü\"*~'.md" version="bdc9f94c-b6c1-440c-bf2c-d5c640b88cab" etag="9dd4e461268c8034f5c8564e155c67a6" size=1 sequencer="18EAC46409B7F40A" token=""`}},
	"minio_removed":       {want: []string{`removed bucket="acme-docs" key="inbox/1.md" version="" etag="" size=0 sequencer="18EAC464082D30E9" token=""`}},
	"nudge":               {want: []string{`nudge bucket="" key="" version="" etag="" size=0 sequencer="" token="dG9rZW4"`}},

	"schedule_rule":      {want: []string{`tick bucket="" key="" version="" etag="" size=0 sequencer="" token=""`}},
	"schedule_scheduler": {want: []string{`tick bucket="" key="" version="" etag="" size=0 sequencer="" token=""`}},

	"sns_s3_created":          {want: []string{s3Created}},
	"sns_eventbridge_created": {want: []string{bridgeCreated}},
	"sns_s3_test":             {},
}

func TestDecode(t *testing.T) {
	files, err := filepath.Glob("testdata/messages/*.json")
	if err != nil || len(files) != len(decoded) {
		t.Fatalf("%d messages for %d expectations (%v)", len(files), len(decoded), err)
	}
	for name, c := range decoded {
		t.Run(name, func(t *testing.T) {
			events, err := trigger.Decode(message(t, name), names)
			if got := saidAll(events); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			checkReason(t, err, c.reason)
		})
	}
}

func checkReason(t *testing.T, err error, want trigger.Reason) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("error %v, want none", err)
		}
		return
	}
	r, ok := errors.AsType[*trigger.Refusal](err)
	if !ok || r.Reason != want || r.Shape == "" || !errors.Is(err, trigger.ErrPoison) {
		t.Errorf("error %v, want a refusal for %s", err, want)
	}
}

// record is one record of S3's shape.
func record(source, name, bucket, key, rest string) string {
	return fmt.Sprintf(`{"eventSource":%q,"eventName":%q,"s3":{"bucket":{"name":%q},"object":{"key":%q%s}}}`, source, name, bucket, key, rest)
}

func TestDecodeRefuses(t *testing.T) {
	put := func(key, rest string) string {
		return `{"Records":[` + record("aws:s3", "ObjectCreated:Put", "acme-docs", key, rest) + `]}`
	}
	minio := func(top, key string) string {
		return fmt.Sprintf(`{"EventName":"s3:ObjectCreated:Put","Key":%q,"Records":[%s]}`, top, record("minio:s3", "s3:ObjectCreated:Put", "acme-docs", key, ""))
	}
	for name, c := range map[string]struct {
		body   string
		reason trigger.Reason
	}{
		"empty":                  {``, trigger.ReasonNotJSON},
		"text":                   {`hello`, trigger.ReasonNotJSON},
		"null":                   {`null`, trigger.ReasonNotJSON},
		"array":                  {`[{}]`, trigger.ReasonNotJSON},
		"two values":             {`{"zdr":1,"token":"a"}{}`, trigger.ReasonNotJSON},
		"not UTF-8":              {"{\"zdr\":1,\"token\":\"\xff\"}", trigger.ReasonNotJSON},
		"too large":              {`{"zdr":1,"token":"` + strings.Repeat("a", 1<<20) + `"}`, trigger.ReasonTooLarge},
		"no known shape":         {`{}`, trigger.ReasonShape},
		"letters of other case":  {`{"records":[]}`, trigger.ReasonShape},
		"no records":             {`{"Records":[]}`, trigger.ReasonField},
		"records of a queue":     {`{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}`, trigger.ReasonShape},
		"a record that says s3":  {`{"Records":[{"eventSource":"aws:s3"}]}`, trigger.ReasonShape},
		"no bucket":              {`{"Records":[` + record("aws:s3", "ObjectCreated:Put", "", "a", "") + `]}`, trigger.ReasonField},
		"foreign bucket":         {`{"Records":[` + record("aws:s3", "ObjectCreated:Put", "others", "a", "") + `]}`, trigger.ReasonBucket},
		"foreign and tagged":     {`{"Records":[` + record("aws:s3", "ObjectTagging:Put", "others", "a", "") + `]}`, trigger.ReasonBucket},
		"empty key":              {put("", ""), trigger.ReasonKey},
		"half an escape":         {put("a%2", ""), trigger.ReasonKey},
		"key is not UTF-8":       {put("a%ff", ""), trigger.ReasonKey},
		"key too long":           {put(strings.Repeat("a", 1025), ""), trigger.ReasonKey},
		"negative size":          {put("a", `,"size":-1`), trigger.ReasonField},
		"size is a word":         {put("a", `,"size":"1"`), trigger.ReasonField},
		"long version":           {put("a", `,"versionId":"`+strings.Repeat("v", 1025)+`"`), trigger.ReasonField},
		"long etag":              {put("a", `,"eTag":"`+strings.Repeat("v", 257)+`"`), trigger.ReasonField},
		"minio says S3's source": {`{"EventName":"s3:ObjectCreated:Put","Key":"acme-docs/a","Records":[` + record("aws:s3", "ObjectCreated:Put", "acme-docs", "a", "") + `]}`, trigger.ReasonShape},
		"minio with two keys":    {minio("acme-docs/b", "a"), trigger.ReasonKey},
		"minio of two buckets":   {minio("others/a", "a"), trigger.ReasonKey},
		"bridge without detail":  {`{"detail-type":"Object Created","source":"aws.s3"}`, trigger.ReasonField},
		"bridge of another":      {`{"detail-type":"Object Created","source":"acme.app","detail":{}}`, trigger.ReasonShape},
		"bridge, foreign bucket": {`{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"others"},"object":{"key":"a"}}}`, trigger.ReasonBucket},
		"sns confirmation":       {`{"Type":"SubscriptionConfirmation","Message":"You have chosen","Token":"abc"}`, trigger.ReasonShape},
		"sns around text":        {`{"Type":"Notification","Message":"hello"}`, trigger.ReasonNotJSON},
		"sns around sns":         {`{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}`, trigger.ReasonShape},
		"nudge of tomorrow":      {`{"zdr":2,"token":"a"}`, trigger.ReasonVersion},
		"nudge without version":  {`{"zdr":null,"token":"a"}`, trigger.ReasonVersion},
		"nudge without token":    {`{"zdr":1}`, trigger.ReasonField},
		"nudge with a name":      {`{"zdr":1,"token":"inbox/1.md"}`, trigger.ReasonField},
		"nudge with more":        {`{"zdr":1,"token":"a","key":"inbox/1.md"}`, trigger.ReasonField},
		"nudge with a long name": {`{"zdr":1,"token":"` + strings.Repeat("a", 129) + `"}`, trigger.ReasonField},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := trigger.Decode([]byte(c.body), names)
			if len(events) != 0 {
				t.Errorf("events %q, want none", saidAll(events))
			}
			checkReason(t, err, c.reason)
		})
	}
}

// TestDecodePassesOver: recognised, and nothing to do.
func TestDecodePassesOver(t *testing.T) {
	for name, body := range map[string]string{
		"own staging":           `{"Records":[` + record("aws:s3", "ObjectCreated:Copy", "x7k2-9fq4", "s/dG9rZW4.md", "") + `]}`,
		"own removal":           `{"Records":[` + record("aws:s3", "ObjectRemoved:Delete", "x7k2-9fq4", "o/dG9rZW4.json", "") + `]}`,
		"no token in the name":  `{"Records":[` + record("aws:s3", "ObjectCreated:Put", "x7k2-9fq4", "o/some%20thing.json", "") + `]}`,
		"outbox of the sources": `{"Records":[` + record("aws:s3", "ObjectRestore:Post", "acme-docs", "o/dG9rZW4.json", "") + `]}`,
		"a read":                `{"EventName":"s3:ObjectAccessed:Get","Key":"acme-docs/a","Records":[` + record("minio:s3", "s3:ObjectAccessed:Get", "acme-docs", "a", "") + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			events, err := trigger.Decode([]byte(body), names)
			if err != nil || len(events) != 0 {
				t.Errorf("got %q, %v, want nothing", saidAll(events), err)
			}
		})
	}
}

// TestDecodeRestored: an object that could not be read can be now.
func TestDecodeRestored(t *testing.T) {
	for name, body := range map[string]string{
		"s3":          `{"Records":[` + record("aws:s3", "ObjectRestore:Completed", "acme-docs", "a", "") + `]}`,
		"eventbridge": `{"detail-type":"Object Restore Completed","source":"aws.s3","detail":{"bucket":{"name":"acme-docs"},"object":{"key":"a"}}}`,
	} {
		events, err := trigger.Decode([]byte(body), names)
		if err != nil || len(events) != 1 || events[0].Kind != trigger.Created || events[0].Key.Reveal() != "a" {
			t.Errorf("%s: got %q, %v", name, saidAll(events), err)
		}
	}
}

// TestMinIOEncodings: the record's key may be escaped or raw, as MinIO's
// versions have it; the raw key at the top decides.
func TestMinIOEncodings(t *testing.T) {
	for _, said := range []string{"a%2Bb+c", "a+b c"} {
		body := fmt.Sprintf(`{"EventName":"s3:ObjectCreated:Put","Key":"acme-docs/a+b c","Records":[%s]}`,
			record("minio:s3", "s3:ObjectCreated:Put", "acme-docs", said, ""))
		events, err := trigger.Decode([]byte(body), names)
		if err != nil || len(events) != 1 || events[0].Key.Reveal() != "a+b c" {
			t.Errorf("record key %q: got %q, %v", said, saidAll(events), err)
		}
	}
}

func TestDecodeRefusesEverythingByDefault(t *testing.T) {
	_, err := trigger.Decode(message(t, "s3_created"), trigger.Options{})
	checkReason(t, err, trigger.ReasonBucket)
}

// TestEventsAndErrorsSayNothing prints events and refusals in every way.
func TestEventsAndErrorsSayNothing(t *testing.T) {
	marks := zdrtest.New(t)
	key, etag, other := "inbox/"+marks.Mark("key")+".md", marks.Mark("etag"), marks.Mark("bucket")
	good := record("aws:s3", "ObjectCreated:Put", "acme-docs", key, `,"eTag":"`+etag+`"`)
	bad := record("aws:s3", "ObjectCreated:Put", other, key, "")
	body := []byte(`{"Records":[` + good + `,` + bad + `]}`)
	marks.AssertFound(t, "message", body)
	events, err := trigger.Decode(body, names)
	if len(events) != 1 || err == nil {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	nested := struct{ in []trigger.Event }{events}
	marks.Assert(t, "prints", fmt.Appendf(nil, "%v %+v %#v %s %q %v %+v", events[0], events[0], events[0], &events[0], events, nested, nested))
	marks.Assert(t, "error", fmt.Appendf(nil, "%v %+v %#v", err, err, err))
	_, err = trigger.EncodeNudge(key)
	if err == nil {
		t.Error("a name passes for a token")
	}
	marks.Assert(t, "encode error", fmt.Appendf(nil, "%v", err))
}
