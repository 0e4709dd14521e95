package worker

import (
	"os"
	"strings"
	"testing"
	"time"
)

// The package's documentation has the table as it is in code.
func TestRetriesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "\n// # What is retried\n//\n")
	table, _, ok := strings.Cut(rest, "//\n// # ")
	if !ok {
		t.Fatal("doc.go has no table of what is retried")
	}
	if want := retriesComment(); table != want {
		t.Errorf("doc.go's table is not that of retries.go; it should be\n%s", want)
	}
}

// retriesComment is the table as doc.go shows it: two lines a row.
func retriesComment() string {
	var b strings.Builder
	for _, r := range Retries {
		b.WriteString("//\t" + r.What + "\n//\t      " + r.Then + " [bills again: " + r.Bills + "]\n")
	}
	return b.String()
}

// The table says numbers; these are where they come from.
func TestRetriesSayTheDefaults(t *testing.T) {
	s := Settings{}.withDefaults()
	said := Settings{
		Attempts: 3, PostTimeout: time.Minute, Skew: 30 * time.Second, ListLag: 2 * time.Minute,
		DrainMargin: time.Hour, Ask: time.Minute, Lease: 2 * time.Minute,
	}
	got := Settings{
		Attempts: s.Attempts, PostTimeout: s.PostTimeout, Skew: s.Skew, ListLag: s.ListLag,
		DrainMargin: s.DrainMargin, Ask: s.Ask, Lease: s.Lease,
	}
	if got != said {
		t.Errorf("the defaults are %+v; the table in retries.go goes by %+v", got, said)
	}
	if maxFenced != 10 || maxTries != 5 || listMemory != 24*time.Hour || unreadTries != 3 || unreadAgain != 5*time.Second || unreadMost != 10 {
		t.Error("the bounds are others than retries.go says")
	}
	if backoff(1) != time.Second || backoff(4) != 8*time.Second || backoff(3) != 4*time.Second || backoff(9) != 30*time.Second {
		t.Error("the waits are others than retries.go says")
	}
}
