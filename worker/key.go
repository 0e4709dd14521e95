package worker

import (
	"fmt"
	"strconv"
	"strings"
)

// Every object key of ours is made and parsed in this file.
const (
	recordPrefix  = "zdr/records/"
	openPrefix    = "zdr/open/"
	controlPrefix = "zdr/control/"
	historyPrefix = "zdr/history/"
	schemaPrefix  = "zdr/schemas/"
	textPrefix    = "zdr/texts/"
	slipPrefix    = "zdr/drain/"
	parsedPrefix  = "zdr/parsed/"

	// StagingPrefix is where the provider GETs from, in the exchange bucket.
	StagingPrefix = "s/"
	// OutboxPrefix is where the provider PUTs to, in the exchange bucket.
	OutboxPrefix = "o/"
	// RacePrefix is where writers race in the store bucket; see CheckSwap. It lies
	// where a worker may remove things, and no marker has such a name.
	RacePrefix = openPrefix + "race/"
	// UploadPrefix is where a local file becomes a source object.
	UploadPrefix = "uploads/"

	fleetKey   = controlPrefix + "fleet.json"
	breakerKey = controlPrefix + "breaker.json"
	sweepKey   = controlPrefix + "sweep.json"
	pauseKey   = controlPrefix + "pause.json"
	paceKey    = controlPrefix + "pace.json"
	pagesKey   = controlPrefix + "pace-parse.json"
	dutyKey    = controlPrefix + "leases/sweep.json"
	swapKey    = controlPrefix + "swap.json"
	keepKey    = controlPrefix + "keep.json"

	backfillPrefix = controlPrefix + "backfill/"
	budgetPrefix   = controlPrefix + "budget/"
	listPrefix     = controlPrefix + "lists/" // keys that a backfill goes through
	// bindingKey stands in the exchange bucket and names the fleet that uses it.
	bindingKey = "fleet.json"
)

// maxKey is the longest object key that S3 takes, in bytes of UTF-8
// (AWS S3 user guide, "Naming Amazon S3 objects").
const maxKey = 1024

// recordKey has the hash right after the constant, so that S3 can split it.
func recordKey(id ID) string { return recordPrefix + id.shard() + "/" + id.String() }

func markerKey(id ID, gen int) string {
	return openPrefix + id.shard() + "/" + id.String() + "." + strconv.Itoa(gen)
}

// parseMarkerKey is the inverse of markerKey.
func parseMarkerKey(key string) (ID, int, error) {
	rest, ok := strings.CutPrefix(key, openPrefix)
	_, name, ok2 := strings.Cut(rest, "/")
	hex, gen, ok3 := strings.Cut(name, ".")
	if !ok || !ok2 || !ok3 {
		return ID{}, 0, fmt.Errorf("not a marker key")
	}
	id, err := parseID(hex)
	if err != nil {
		return ID{}, 0, err
	}
	n, err := strconv.Atoi(gen)
	if err != nil || n < 1 || markerKey(id, n) != key {
		return ID{}, 0, fmt.Errorf("not a marker key")
	}
	return id, n, nil
}

func parseRecordKey(key string) (ID, error) {
	rest, _ := strings.CutPrefix(key, recordPrefix)
	_, name, _ := strings.Cut(rest, "/")
	id, err := parseID(name)
	if err != nil || recordKey(id) != key {
		return ID{}, fmt.Errorf("not a record key")
	}
	return id, nil
}

// stagingKey names what an attempt stages. The extension is one of a table and
// all that the provider learns of a file's name.
func stagingKey(token, ext string) string { return StagingPrefix + token + "." + ext }
func outboxKey(token string) string       { return OutboxPrefix + token + ".json" }

// tokenOf gives the token in a staging or outbox key, "" when it is neither.
func tokenOf(key string) string {
	if t, ok := strings.CutPrefix(key, StagingPrefix); ok {
		t, _, _ = strings.Cut(t, ".") // a token has no dot
		return t
	}
	if t, ok := strings.CutPrefix(key, OutboxPrefix); ok {
		return strings.TrimSuffix(t, ".json")
	}
	return ""
}

// historyKey is where the result of a job goes that is not its document's
// newest. The ref is what a result says of itself.
func historyKey(ref string) string {
	return historyPrefix + ref[:2] + "/" + ref + ".json"
}

// textKey is where the provider's words about a job go: they can quote the
// document.
func textKey(id ID, gen int, kind string) string {
	return textPrefix + id.shard() + "/" + id.String() + "." + strconv.Itoa(gen) + "." + kind + ".txt"
}

// parsedKey is where the sealed result of a parse job lies: shared by routes and
// revisions, out of reach of any URL. Each generation has its own, written once.
func parsedKey(id ID, gen int) string {
	name := id.String()
	if gen > 1 {
		name += "." + strconv.Itoa(gen)
	}
	return parsedPrefix + id.shard() + "/" + name + ".json"
}

// parseParsedKey is the inverse of parsedKey.
func parseParsedKey(key string) (id ID, gen int, err error) {
	rest, _ := strings.CutPrefix(key, parsedPrefix)
	_, name, _ := strings.Cut(rest, "/")
	hex, number, later := strings.Cut(strings.TrimSuffix(name, ".json"), ".")
	if gen = 1; later {
		gen, _ = strconv.Atoi(number)
	}
	if id, err = parseID(hex); err != nil || parsedKey(id, gen) != key {
		return ID{}, 0, fmt.Errorf("not a key of a parse result")
	}
	return id, gen, nil
}

func schemaKey(digest string) string {
	return schemaPrefix + strings.TrimPrefix(digest, "sha256:") + ".json"
}

func backfillKey(id string) string { return backfillPrefix + id + ".json" }

// backfillOf is the inverse of backfillKey; "" when it is none.
func backfillOf(key string) string {
	rest, ok := strings.CutPrefix(key, backfillPrefix)
	id, json := strings.CutSuffix(rest, ".json")
	if !ok || !json || strings.Contains(id, "/") {
		return ""
	}
	return id
}

func listPartKey(folder string, part int) string {
	return fmt.Sprintf("%s%s/%06d.txt", listPrefix, folder, part)
}

// revisionName names a revision of a route.
func revisionName(r Route) string { return r.Name + "." + strconv.Itoa(r.Revision) }

func routeKey(name string) string { return controlPrefix + "routes/" + name + ".json" }

// Ours is for who lists a bucket without routes: see ours.
func Ours(key string) bool { return ours(key) }

// ours reports whether a key of the store bucket is written by this program:
// such an object is never a document, so that a trigger loop cannot start.
func ours(key string) bool {
	for _, p := range []string{"results/", "failures/", "zdr/"} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}
