package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

var busy = counts{Total: 208, Sealed: 131, Waiting: 49, Queued: 28, Credits: 583}

func TestPicture(t *testing.T) {
	got := picture(busy, 131*time.Minute/12, 100)
	want := []string{
		"  sealed 131/208  ▕██████████████████▉           ▏  waiting 49 · queued 28 · failed 0",
		"  12.0 a minute · about 6 min left · 583 credits · content bytes at the provider: 0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPictureFits(t *testing.T) {
	for columns := 1; columns < 140; columns++ {
		for _, l := range picture(busy, time.Hour, columns) {
			if utf8.RuneCountInString(l) >= max(columns, 2) {
				t.Errorf("%d columns: %q", columns, l)
			}
		}
	}
}

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		done, total int
		want        string
	}{
		{0, 10, "▕        ▏"}, {5, 10, "▕████    ▏"}, {10, 10, "▕████████▏"}, {11, 10, "▕████████▏"}, {0, 0, ""},
	} {
		if got := bar(tt.done, tt.total, 10); got != tt.want {
			t.Errorf("bar(%d, %d) = %q, want %q", tt.done, tt.total, got, tt.want)
		}
	}
}

func TestNothingIsPromisedBeforeTheFirst(t *testing.T) {
	if got := line(counts{Total: 3, Queued: 3}, time.Hour); strings.Contains(got, "left") || strings.Contains(got, "minute") {
		t.Errorf("line = %q", got)
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Millisecond: "1 s", 80 * time.Second: "80 s", 10 * time.Minute: "10 min", 2 * time.Hour: "2.0 h",
	} {
		if got := roughly(d); got != want {
			t.Errorf("roughly(%v) = %q, want %q", d, got, want)
		}
	}
}

// run lets p show the same counts for some simulated time.
func showFor(t *testing.T, p *progress, d time.Duration, during func()) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		p.Set(busy)
		go func() {
			time.Sleep(time.Second)
			during()
		}()
		p.Run(ctx)
	})
}

func TestPlainIsALineAMinute(t *testing.T) {
	var out bytes.Buffer
	a := newApp(nil, nil, nil, &out)
	a.progress = "auto"
	p := a.newProgress()
	showFor(t, p, 150*time.Second, func() { _, _ = p.Write([]byte("a log line\n")) })
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || lines[0] != "a log line" || !strings.HasPrefix(lines[1], "sealed 131/208 · waiting 49") {
		t.Errorf("output:\n%s", out.String())
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("control sequences where no terminal is")
	}
}

// TestMachinesHaveALineAMinute: on standard output, in the words of the contract.
func TestMachinesHaveALineAMinute(t *testing.T) {
	var out, errs bytes.Buffer
	a := newApp(nil, nil, &out, &errs)
	a.progress, a.json = "auto", true
	showFor(t, a.newProgress(), 150*time.Second, func() {})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := `{"credits":583,"eta_s":35,"failed":0,"open":77,"sealed":131,"total":208,"type":"progress","unchanged":0}`
	if len(lines) != 2 || lines[0] != want || errs.Len() > 0 {
		t.Errorf("got\n%s\nwant first\n%s\nstandard error: %s", out.String(), want, errs.String())
	}
	out.Reset()
	a.progress = "none"
	showFor(t, a.newProgress(), time.Hour, func() {})
	if out.Len() > 0 {
		t.Errorf("--progress=none: %s", out.String())
	}
}

func TestNoneIsSilent(t *testing.T) {
	var out bytes.Buffer
	a := newApp(nil, nil, nil, &out)
	a.progress = "none"
	p := a.newProgress()
	showFor(t, p, time.Hour, func() { _, _ = p.Write([]byte("a log line\n")) })
	if out.String() != "a log line\n" {
		t.Errorf("output %q", out.String())
	}
}

func TestLogLinesStandAboveThePicture(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, picture: true, columns: func() int { return 100 }}
	showFor(t, p, 1100*time.Millisecond, func() { _, _ = p.Write([]byte("a log line\n")) })
	if got := out.String(); !strings.Contains(got, "\x1b[2A\x1b[Ja log line\n") || !strings.HasSuffix(got, "provider: 0\n") {
		t.Errorf("output %q", got)
	}
	if draws, erased := strings.Count(out.String(), "sealed 131"), strings.Count(out.String(), "\x1b[2A\x1b[J"); draws != erased+1 {
		t.Errorf("%d pictures drawn, %d erased: one should stand at the end", draws, erased)
	}
}

// TestWordsGoAgain: what is said while documents are counted is a line a minute,
// and leaves nothing on a terminal.
func TestWordsGoAgain(t *testing.T) {
	for _, tt := range []struct {
		name            string
		picture, silent bool
		want            string
	}{
		{"lines", false, false, "1 counted\n2 counted\n"},
		{"picture", true, false, ""},
		{"none", false, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := &progress{out: &out, picture: tt.picture, silent: tt.silent, columns: func() int { return 80 }}
				n := 0
				end := p.During(t.Context(), func() string { n++; return fmt.Sprintf("%d counted", n) })
				time.Sleep(2*time.Minute + time.Second)
				end()
				said := out.String()
				if tt.picture {
					if !strings.Contains(said, "2 counted") || !strings.HasSuffix(said, "\x1b[1A\x1b[J") {
						t.Fatalf("%q ends with something on the terminal", said[max(0, len(said)-80):])
					}
					said = ""
				}
				if said != tt.want {
					t.Errorf("got %q, want %q", said, tt.want)
				}
				before := out.Len()
				p.show()
				if after := out.String()[before:]; strings.Contains(after, "counted") {
					t.Errorf("%q is said afterwards", after)
				}
			})
		})
	}
}
