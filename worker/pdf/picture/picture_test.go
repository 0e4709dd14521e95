package picture_test

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"testing"

	"github.com/zdrworker/zdrworker/worker/pdf/pdftest"
	"github.com/zdrworker/zdrworker/worker/pdf/picture"
)

func open(t *testing.T, b []byte, password string) (*picture.Drawer, error) {
	t.Helper()
	return picture.Open(t.Context(), bytes.NewReader(b), int64(len(b)), password)
}

func TestDraw(t *testing.T) {
	d, err := open(t, pdftest.Text(t, "Quillfeather Observatory"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	p, err := d.Draw(0)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(p.PNG.Reveal()))
	if err != nil || img.Bounds().Dx() != p.Width || p.Width < 500 || p.Height <= p.Width {
		t.Fatalf("%d × %d, %v", p.Width, p.Height, err)
	}
	dark := 0
	for y := range p.Height {
		for x := range p.Width {
			if color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 100 {
				dark++
			}
		}
	}
	if dark < 100 {
		t.Errorf("%d dark points: the text is not there", dark)
	}
	if _, err := d.Draw(d.Pages); !errors.Is(err, picture.ErrUnreadable) {
		t.Errorf("a page that is not there: %v", err)
	}
}

func TestDrawWithPassword(t *testing.T) {
	locked := pdftest.Encrypted("lamplight", pdftest.Page{})
	if _, err := open(t, locked, ""); !errors.Is(err, picture.ErrUnreadable) {
		t.Errorf("without the password: %v", err)
	}
	d, err := open(t, locked, "lamplight")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Pages != 1 {
		t.Errorf("%d pages", d.Pages)
	}
}

func TestOpenBroken(t *testing.T) {
	if _, err := open(t, []byte("no PDF at all"), ""); !errors.Is(err, picture.ErrUnreadable) {
		t.Errorf("got %v", err)
	}
}
