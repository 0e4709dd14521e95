//go:build !nosandbox

package main

import (
	"context"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
)

// browser gives the path of a Chromium.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium on this machine")
	return ""
}

// photograph opens a page in a browser and gives what a person sees.
func photograph(t *testing.T, chromium, page string) image.Image {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	to := filepath.Join(t.TempDir(), "page.png")
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(page)}
	// As root Chromium wants no sandbox of its own; the page is ours.
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--window-size=1600,1200", "--screenshot="+to, address.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the browser: %v\n%s", err, out)
	}
	f, err := os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestThePageInABrowser: what a person sees are the fields and, on the picture
// of the page, a box around the words that a field was taken from.
func TestThePageInABrowser(t *testing.T) {
	chromium := browser(t)
	b := newBench(t, "XDG_CACHE_HOME="+t.TempDir())
	write(t, filepath.Join(b.dir, "in", "scan.pdf"), string(pdftest.Text(t, "Invoice number: 17", "", "Thank you")))
	b.run(exitOK, "run", "in/scan.pdf", "--schema", "s.json")
	b.run(exitOK, "jobs", "show", "uploads/in/scan.pdf", "--html", "page.html")
	seen := photograph(t, chromium, filepath.Join(b.dir, "page.html"))
	aside := image.Rect(0, 0, 500, 1200)
	if n := points(seen, aside, dark); n < 200 {
		t.Errorf("%d dark points in the list of fields", n)
	}
	box := bounds(seen, image.Rect(520, 0, 1600, 1200), isMark)
	if box.Dx() < 40 || box.Dy() < 8 || box.Dy() > 200 {
		t.Fatalf("the box is %v: it is not there, or not the size of a line", box)
	}
	if n := points(seen, box.Inset(3), dark); n < 20 {
		t.Errorf("%d dark points in the box: it is not around the words", n)
	}
}

func dark(c color.Color) bool { return color.GrayModel.Convert(c).(color.Gray).Y < 90 }

// isMark: the colour of a box's line, #b3541e.
func isMark(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	near := func(v uint32, want int) bool { return int(v>>8)-want < 6 && want-int(v>>8) < 6 }
	return near(r, 0xb3) && near(g, 0x54) && near(b, 0x1e)
}

// points counts the points of a part of a picture that are of a kind.
func points(img image.Image, part image.Rectangle, is func(color.Color) bool) int {
	n := 0
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if is(img.At(x, y)) {
				n++
			}
		}
	}
	return n
}

// bounds is the least rectangle around the points that are of a kind.
func bounds(img image.Image, part image.Rectangle, is func(color.Color) bool) image.Rectangle {
	var all image.Rectangle
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if is(img.At(x, y)) {
				all = all.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return all
}
