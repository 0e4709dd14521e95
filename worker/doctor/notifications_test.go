package doctor

import (
	"testing"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

const (
	routed = `routes:
  - {name: invoices, match: {prefix: "inbox/{tenant}/invoices/", suffix: [.pdf, .md]}, schema: invoice.json}
`
	queued = "sources: [{sqs: \"https://sqs.us-east-2.amazonaws.com/111122223333/nudges\"}]\n"

	saysQueue       = `<NotificationConfiguration><QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>`
	saysOutbox      = `<NotificationConfiguration><QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:Put</Event><Filter><S3Key><FilterRule><Name>prefix</Name><Value>o/</Value></FilterRule></S3Key></Filter></QueueConfiguration></NotificationConfiguration>`
	saysEventBridge = `<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>`
	saysNobody      = `<NotificationConfiguration></NotificationConfiguration>`
)

// TestNotifications: who is told, asked of stores.
func TestNotifications(t *testing.T) {
	results := line{of: "exchange", status: OK, saw: "tells of results"}
	for _, tt := range []struct {
		name string
		more string
		says map[string]string
		want []line
	}{
		{"no source takes events", "sources: [{scan: {prefix: inbox/}}]\n", map[string]string{}, []line{{status: OK, saw: "documents are found by scanning"}}},
		{"a queue for all", queued + routed, map[string]string{"notification": saysQueue}, []line{{of: "store", status: OK, saw: "tells of new documents"}, results}},
		{"EventBridge", queued + routed, map[string]string{"notification": saysEventBridge}, []line{{of: "store", status: OK, saw: "tells of new documents"}, results}},
		{"nobody", queued, map[string]string{"notification": saysNobody, "exchange:notification": saysOutbox}, []line{{"store", Fail, "nobody is told of new documents", "add a scan to sources", Configuration}, results}},
		{"nobody for a route", queued + routed, map[string]string{"notification": saysOutbox}, []line{{"store", Fail, "of route invoices that end in .pdf", "under the route's prefix", Configuration}, results}},
		{"not of results", queued, map[string]string{"notification": saysQueue, "exchange:notification": saysNobody}, []line{{of: "store", status: OK, saw: "tells"}, {"exchange", Warn, "noticed by listing, later", "under o/", ""}}},
		{"may not be asked", queued, map[string]string{"notification": denied, "exchange:notification": unheard}, []line{{"store", Unknown, isHidden, "allow s3:GetBucketNotification", ""}, {"exchange", Unknown, isStrang, "", ""}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := checkupOf(t, at(saying(t, tt.says))+tt.more)
			if !x.prepare(t.Context()) {
				t.Fatal(x.found)
			}
			lookAtNotifications(t.Context(), x)
			expect(t, x.found, tt.want...)
		})
	}
}

// TestTold: filters that fit, and filters that leave something out.
func TestTold(t *testing.T) {
	all := []string{"s3:ObjectCreated:*"}
	for _, tt := range []struct {
		name string
		of   []bucket.Notification
		want string // the ending that nobody is told of
	}{
		{"everything", []bucket.Notification{{Events: all}}, ""},
		{"above the prefix", []bucket.Notification{{Events: all, Prefix: "inbox/"}}, ""},
		{"up to the capture", []bucket.Notification{{Events: all, Prefix: "inbox"}}, ""},
		{"beside it", []bucket.Notification{{Events: all, Prefix: "other/"}}, ".pdf"},
		{"beneath it", []bucket.Notification{{Events: all, Prefix: "inbox/acme/"}}, ".pdf"},
		{"one ending", []bucket.Notification{{Events: all, Suffix: ".pdf"}}, ".md"},
		{"each ending", []bucket.Notification{{Events: all, Suffix: ".pdf"}, {Events: all, Prefix: "inbox/", Suffix: ".md"}}, ""},
		{"part of an ending", []bucket.Notification{{Events: all, Suffix: "pdf"}, {Events: all, Suffix: "d"}}, ""},
		{"one kind of creation", []bucket.Notification{{Events: []string{"s3:ObjectCreated:Put"}}}, ""},
		{"removals", []bucket.Notification{{Events: []string{"s3:ObjectRemoved:*"}}}, ".pdf"},
		{"nothing", nil, ".pdf"},
	} {
		x := checkupOf(t, at(nobody)+routed)
		if got := untoldEnding(tt.of, x.c.Routes[0]); got != tt.want {
			t.Errorf("%s: nobody is told of %q, want %q", tt.name, got, tt.want)
		}
	}
	x := checkupOf(t, at(nobody)+"routes: [{name: a, match: {prefix: inbox/}, schema: a.json}]\n")
	if got := untoldEnding([]bucket.Notification{{Events: all, Suffix: ".pdf"}}, x.c.Routes[0]); got != ".md" {
		t.Errorf("a route without endings is one of Markdown: %q", got)
	}
}
