package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/bucket"
	"github.com/zdrworker/zdrworker/worker/config"
)

// lookAtNotifications asks whether the buckets tell of what the sources wait
// for. Events are never needed: scans and sweeps find everything, later.
func lookAtNotifications(ctx context.Context, x *checkup) {
	if !x.waitsForEvents() {
		x.ok("", "no source takes events: documents are found by scanning, results by listing")
		return
	}
	if all, err := x.store.Notifications(ctx); err != nil {
		x.untold("store", "who is told of new documents", err, "s3:GetBucketNotification")
	} else {
		x.documentEvents(all)
	}
	all, err := x.exchange.Notifications(ctx)
	switch {
	case err != nil:
		x.untold("exchange", "who is told of results", err, "s3:GetBucketNotification")
	case !told(all, worker.OutboxPrefix, ".json"):
		x.warn("exchange", "nobody is told of objects under o/: results are noticed by listing, later", "let the bucket notify the queue of s3:ObjectCreated:* under o/")
	default:
		x.ok("exchange", "tells of results")
	}
}

func (x *checkup) waitsForEvents() bool {
	return slices.ContainsFunc(x.c.Sources, func(f config.Feed) bool {
		return slices.Contains([]string{config.FeedSQS, config.FeedNATS, config.FeedWebhook}, f.Kind())
	})
}

// documentEvents wants somebody to be told of each ending of each route.
func (x *checkup) documentEvents(all []bucket.Notification) {
	for _, r := range x.c.Routes {
		if ending := untoldEnding(all, r); ending != "" {
			x.fail("store", "nobody is told of new documents of route "+r.Name+" that end in "+ending, "let the bucket notify the queue of s3:ObjectCreated:* under the route's prefix, or add a scan to sources")
			return
		}
	}
	if len(all) == 0 {
		x.fail("store", "nobody is told of new documents", "let the bucket notify the queue of s3:ObjectCreated:*, or add a scan to sources")
		return
	}
	x.ok("store", "tells of new documents")
}

// untoldEnding is the first ending of a route that nobody is told of, "" when
// there is none.
func untoldEnding(all []bucket.Notification, r config.Route) string {
	literal, _, _ := strings.Cut(r.Prefix, "{")
	endings := r.Suffix
	if len(endings) == 0 {
		endings = []string{worker.Markdown}
	}
	for _, ending := range endings {
		if !told(all, literal, ending) {
			return ending
		}
	}
	return ""
}

// told says whether somebody is told of all new objects with a prefix and an
// ending.
func told(all []bucket.Notification, prefix, ending string) bool {
	return slices.ContainsFunc(all, func(n bucket.Notification) bool {
		return strings.HasPrefix(prefix, n.Prefix) && strings.HasSuffix(ending, n.Suffix) && slices.ContainsFunc(n.Events, func(e string) bool {
			return strings.HasPrefix(e, "s3:ObjectCreated:") // * or one kind of it
		})
	})
}
