package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// Race says how hard CheckSwap tries. The zero value works.
type Race struct {
	// Prefix is where the objects are that are raced for; they are removed.
	Prefix string
	// Writers race at the same time. Default: 8.
	Writers int
	// Rounds are races to create and races to replace, each so many times.
	// Default: 3.
	Rounds int
}

func (r Race) withDefaults() Race {
	if r.Writers == 0 {
		r.Writers = 8
	}
	if r.Rounds == 0 {
		r.Rounds = 3
	}
	return r
}

// CheckSwap lets writers race for objects of a store, by If-None-Match and by
// If-Match. Every promise of a pipeline rests on one of them winning: a store
// that lets two win, or lets none know who won, loses or doubles documents. It
// gives a *Fault of CodeStoreUnsafe when the store breaks the promise, and the
// store's error when that cannot be told.
func CheckSwap(ctx context.Context, s Store, r Race) error {
	r = r.withDefaults()
	key := r.Prefix + rand.Text() + raceSuffix
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), raceCleaning)
		defer cancel()
		_ = s.Remove(ctx, key) // what stays says nothing, and the lifecycle takes it
	}()
	for range r.Rounds {
		if err := (race{s, key, r.Writers}).round(ctx); err != nil {
			return err
		}
		if err := s.Remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// What is raced for has a name of so many random characters, and an ending.
const (
	raceName   = 26 // of rand.Text
	raceSuffix = ".race"
)

// sweepRace takes away what a worker left that died while its writers raced,
// from the one or the other bucket. A race is long over after an hour.
func (p *Pipeline) sweepRace(ctx context.Context, s Store, prefix string, o bucket.Info) error {
	name, ok := strings.CutSuffix(strings.TrimPrefix(o.Key, prefix), raceSuffix)
	if !ok || len(name) != raceName || p.storeTime(o.Date).Sub(o.Modified) < time.Hour {
		return nil
	}
	return s.Remove(ctx, o.Key)
}

// raceCleaning bounds the removal of what was raced for.
const raceCleaning = 15 * time.Second

// race is one object and how many want it.
type race struct {
	store   Store
	key     string
	writers int
}

// round is a race to create the object and one to replace it.
func (r race) round(ctx context.Context) error {
	first, err := r.run(ctx, bucket.Condition{Absent: true})
	if err != nil {
		return err
	}
	second, err := r.run(ctx, bucket.Condition{IfMatch: first})
	if err != nil {
		return err
	}
	if first == second {
		return unsafeStore("a replaced object keeps its ETag")
	}
	_, err = r.write(ctx, rand.Text(), bucket.Condition{IfMatch: first})
	if err == nil {
		return unsafeStore("a write under the ETag of an older state is let through")
	}
	return settled(err)
}

// try is what one writer got.
type try struct {
	body string
	info bucket.Info
	err  error
}

// run lets all write under one condition, again where all were in each other's
// way. It gives the ETag of the winner.
func (r race) run(ctx context.Context, c bucket.Condition) (string, error) {
	for range raceGoes {
		tries := r.start(ctx, c)
		won, err := winner(tries)
		if err != nil {
			return "", err
		}
		if won != nil {
			return won.info.ETag, r.holds(ctx, won)
		}
		if err := r.unnoticed(ctx, tries); err != nil {
			return "", err
		}
	}
	return "", unsafeStore("all writers are told that they lost, again and again")
}

// raceGoes is how often a race without a winner is run.
const raceGoes = 3

func (r race) start(ctx context.Context, c bucket.Condition) []try {
	tries := make([]try, r.writers)
	var all crew
	for i := range tries {
		all.Go(func() {
			t := &tries[i]
			t.body = rand.Text()
			t.info, t.err = r.write(ctx, t.body, c)
		})
	}
	all.Wait()
	return tries
}

// unnoticed looks whether a writer won and was told otherwise: something
// between us and the store sent its write twice. Nothing can be concluded then.
func (r race) unnoticed(ctx context.Context, tries []try) error {
	body, _, err := r.read(ctx)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, t := range tries {
		if t.body == body {
			return &bucket.Error{Op: "race", Class: bucket.ErrUnknown}
		}
	}
	return nil
}

func (r race) write(ctx context.Context, body string, c bucket.Condition) (bucket.Info, error) {
	return r.store.Put(ctx, r.key, strings.NewReader(body), bucket.PutOptions{Condition: c, ContentType: "text/plain"})
}

// winner is the one whose write succeeded. All others must have been told that
// they lost, or that somebody was in their way. nil when nobody won.
func winner(tries []try) (*try, error) {
	var won *try
	for i := range tries {
		t := &tries[i]
		switch {
		case t.err != nil && settled(t.err) != nil:
			return nil, t.err
		case t.err == nil && won != nil:
			return nil, unsafeStore("two writers were told that they wrote the same state")
		case t.err == nil:
			won = t
		}
	}
	return won, nil
}

// settled gives nil for an answer that a loser may get.
func settled(err error) error {
	if errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict) {
		return nil
	}
	return err
}

// holds reads back what the winner wrote.
func (r race) holds(ctx context.Context, won *try) error {
	body, info, err := r.read(ctx)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		return unsafeStore("an object that was written cannot be read")
	case err != nil:
		return err
	case body != won.body || info.ETag != won.info.ETag:
		return unsafeStore("what is read is not what the winner wrote")
	}
	return nil
}

func (r race) read(ctx context.Context) (string, bucket.Info, error) {
	obj, err := r.store.Get(ctx, r.key, bucket.GetOptions{})
	if err != nil {
		return "", bucket.Info{}, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxControl))
	if err != nil {
		return "", bucket.Info{}, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	return string(b), obj.Info, nil
}

func unsafeStore(how string) error {
	return &Fault{
		Op: "store.race", Code: CodeStoreUnsafe, Err: errors.New(how),
		Hint: "this store does not keep conditional writes (If-None-Match, If-Match): use one that does, in a version that does",
	}
}

// swapChecked says that the writers of a fleet raced on its buckets, and when:
// once for each pair of buckets, not at every start.
type swapChecked struct {
	Format int       `json:"format"`
	At     time.Time `json:"at"`
}

// refuseUnsafeStores races on both buckets unless that was done before. An
// answer that says nothing of the promise (a store that is slow, or away) is
// left to the next start.
func (p *Pipeline) refuseUnsafeStores(ctx context.Context, store, exchange Store) error {
	var was swapChecked
	_, err := readJSON(ctx, store, swapKey, &was)
	if err == nil {
		return nil
	}
	if !errors.Is(err, bucket.ErrNotFound) {
		return fault("store.race", "", err)
	}
	for _, r := range []struct {
		store  Store
		prefix string
	}{{store, RacePrefix}, {exchange, StagingPrefix}} {
		err := CheckSwap(ctx, r.store, Race{Prefix: r.prefix})
		if untold(err) {
			p.log.WarnContext(ctx, "the store's conditional writes could not be checked; the next start tries again", "code", string(codeOf(err)))
			return nil
		}
		if err != nil {
			return fault("store.race", "", err)
		}
	}
	_, err = writeJSON(ctx, store, swapKey, swapChecked{1, p.now().UTC()}, bucket.Condition{Absent: true})
	if err != nil && !settledElsewhere(err) {
		return fault("store.race", "", err)
	}
	return nil
}

// untold says whether an error leaves open what the store does.
func untold(err error) bool {
	return errors.Is(err, bucket.ErrUnknown) || errors.Is(err, bucket.ErrUnavailable) || errors.Is(err, bucket.ErrThrottled)
}
