package worker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// granted are the resources in the store bucket of a statement of the worker's
// policy, as terraform/modules/identity renders it.
func granted(t *testing.T, sid string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "terraform", "modules", "identity", "testdata", "worker.json"))
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct {
			Sid      string
			Resource json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &policy); err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Statement {
		if s.Sid == sid && json.Unmarshal(s.Resource, &all) != nil {
			t.Fatalf("%s is for %s", sid, s.Resource)
		}
	}
	if len(all) == 0 {
		t.Fatalf("the policy has no %s", sid)
	}
	for i, r := range all {
		all[i] = strings.TrimPrefix(r, "arn:aws:s3:::acme-docs/")
	}
	return all
}

// covers tells which resource lets a key through, "" when none does.
func covers(resources []string, key string) string {
	i := slices.IndexFunc(resources, func(r string) bool {
		prefix, all := strings.CutSuffix(r, "*")
		return key == r || all && strings.HasPrefix(key, prefix)
	})
	if i < 0 {
		return ""
	}
	return resources[i]
}

// TestThePolicyIsForTheKeysThatThereAre: the worker may remove what it removes and
// nothing else, and write what it writes; and no right is for keys that are no
// longer made.
func TestThePolicyIsForTheKeysThatThereAre(t *testing.T) {
	var id ID
	removed := []string{
		markerKey(id, 1), RacePrefix + "A.race", (&slip{}).key("n"), parsedKey(id, 1), backfillKey("b"), listPartKey("f", 1), budgetKey("b"), "failures/invoices/a.pdf.json",
	}
	kept := []string{
		recordKey(id), historyKey("7f3c9a1e"), textKey(id, 1, "reason"), schemaKey("sha256:0"), routeKey("r"),
		fleetKey, breakerKey, sweepKey, pauseKey, paceKey, pagesKey, dutyKey, swapKey, "results/invoices/a.pdf.json", UploadPrefix + "a.pdf",
	}
	removes, writes := granted(t, "RemoveMarkersAndFailures"), granted(t, "WriteStateAndResults")
	usedR, usedW := map[string]bool{}, map[string]bool{}
	for _, key := range append(removed, kept...) {
		r, w := covers(removes, key), covers(writes, key)
		usedR[r], usedW[w] = true, true
		if w == "" {
			t.Errorf("%s may not be written", key)
		}
		if may, must := r != "", slices.Contains(removed, key); may != must {
			t.Errorf("%s: may be removed %v, must be %v", key, may, must)
		}
	}
	for _, r := range append(removes, writes...) {
		if !usedR[r] && !usedW[r] {
			t.Errorf("a right to %s, where no key lies", r)
		}
	}
	for _, key := range []string{"inbox/a.pdf", "schemas/invoice.json"} {
		if covers(removes, key)+covers(writes, key) != "" {
			t.Errorf("%s may be changed, and is not the worker's", key)
		}
	}
}
