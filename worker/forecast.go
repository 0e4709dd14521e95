package worker

import (
	"math"
	"time"
)

// Forecast is the sum of prospects: what a run would do and cost.
type Forecast struct {
	Documents int // looked at, or counted where it is extrapolated
	ToDo      int // of them: to be submitted, or under way
	UnderWay  int // of those: submitted already
	Settled   int // of them: done before
	Earlier   int // of settled and under way: by another revision, which on_change leaves them to
	Again     int // of to do: answered by another revision, and billed once more, as on_change wants it
	Beyond    int // of to do: one submission of it may cost more than the bound, so it never begins
	Older     int // of them: left out, by when they were written
	Refused   map[Code]int

	Parses     int // to be submitted
	Reused     int // parses that were done before
	Extracts   int // to be submitted
	Pages      int // to be parsed, of documents whose pages are counted
	Uncounted  int // documents to be parsed whose pages are not
	Parse      Credits
	Extraction Credits
	LookedAt   int // fewer than Documents: the rest is taken to be like these
}

// Add counts a document.
func (f *Forecast) Add(x Prospect) {
	f.Documents++
	f.LookedAt++
	if x.Earlier {
		f.Earlier++
	}
	if x.Again && x.Code == "" {
		f.Again++
	}
	switch {
	case x.Code != "":
		if f.Refused == nil {
			f.Refused = map[Code]int{}
		}
		f.Refused[x.Code]++
		return
	case x.Older:
		f.Older++
		return
	case x.Settled:
		f.Settled++
		return
	}
	f.ToDo++
	if x.Beyond {
		f.Beyond++
	}
	switch {
	case x.UnderWay:
		f.UnderWay++
		return
	case x.Reused:
		f.Reused++
	case x.Parses:
		f.parse(x.Pages)
	}
	if x.Extract {
		f.Extracts++
	}
	f.Parse, f.Extraction = f.Parse.Plus(x.Parse), f.Extraction.Plus(x.Extraction)
}

func (f *Forecast) parse(pages int) {
	f.Parses++
	f.Pages += pages
	if pages == 0 {
		f.Uncounted++
	}
}

// Credits is what all of it costs.
func (f Forecast) Credits() Credits { return f.Parse.Plus(f.Extraction) }

// Of extrapolates from the documents that were looked at to so many.
func (f Forecast) Of(documents int) Forecast {
	if documents <= f.Documents || f.Documents == 0 {
		return f
	}
	by := float64(documents) / float64(f.Documents)
	for _, n := range []*int{&f.ToDo, &f.UnderWay, &f.Settled, &f.Earlier, &f.Again, &f.Beyond, &f.Older, &f.Parses, &f.Reused, &f.Extracts, &f.Pages, &f.Uncounted} {
		*n = int(math.Round(float64(*n) * by))
	}
	refused := map[Code]int{}
	for code, n := range f.Refused {
		refused[code] = int(math.Round(float64(n) * by))
	}
	f.Documents, f.Refused = documents, refused
	f.Parse, f.Extraction = f.Parse.times(by), f.Extraction.times(by)
	return f
}

func (c Credits) times(by float64) Credits {
	return Credits{round4(c.Low * by), round4(c.Likely * by), round4(c.High * by)}
}

// Time is how long the limits make it take at least; 0: they do not. A document
// whose pages are not counted is one page there, as it is when it is submitted.
func (f Forecast) Time(l Limits) time.Duration {
	least := func(n, perHour int) time.Duration {
		if perHour <= 0 {
			return 0
		}
		return time.Duration(float64(n) / float64(perHour) * float64(time.Hour))
	}
	return max(least(f.Extracts, l.ExtractJobsPerHour), least(f.Pages+f.Uncounted, l.ParsePagesPerHour))
}
