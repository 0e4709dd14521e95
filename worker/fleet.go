package worker

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"

	"github.com/zdrworker/zdrworker/worker/bucket"
)

// fleetObject is what all workers on one pair of buckets share. The first one
// makes it; it is never changed.
type fleetObject struct {
	Format   int    `json:"format"`
	Fleet    string `json:"fleet"` // random; also in the exchange bucket
	Secret   []byte `json:"secret"`
	Exchange string `json:"exchange"` // the bucket's name
}

// joinFleet reads or makes the fleet's secret and binds the exchange bucket to
// it: two fleets on one exchange would each take the other's objects for
// orphans.
func (p *Pipeline) joinFleet(ctx context.Context) error {
	f, err := readFleet(ctx, p.store)
	if errors.Is(err, bucket.ErrNotFound) {
		f, err = p.makeFleet(ctx)
	}
	if err != nil {
		return fault("fleet.join", "", err)
	}
	if f.Exchange != p.exchange.Name() {
		return &Fault{Op: "fleet.join", Code: CodeForeignFleet, Hint: "this store bucket belongs to a fleet with another exchange bucket; one store has one exchange"}
	}
	if p.secret, err = newFleetSecret(f.Secret); err != nil {
		return fault("fleet.join", "", err)
	}
	return p.bindExchange(ctx, f.Fleet)
}

func readFleet(ctx context.Context, s Store) (fleetObject, error) {
	var f fleetObject
	_, err := readJSON(ctx, s, fleetKey, &f)
	if err == nil && f.Format != 1 {
		err = errNewerFormat
	}
	return f, err
}

// makeFleet writes a new secret unless somebody else did so first, and then
// takes whatever stands there.
func (p *Pipeline) makeFleet(ctx context.Context) (fleetObject, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	f := fleetObject{Format: 1, Fleet: newNonce(), Secret: secret, Exchange: p.exchange.Name()}
	_, err := writeJSON(ctx, p.store, fleetKey, f, bucket.Condition{Absent: true})
	if err != nil && !settledElsewhere(err) {
		return f, err
	}
	return readFleet(ctx, p.store)
}

// bindExchange writes the fleet's name into the exchange bucket, or refuses one
// that bears another's.
func (p *Pipeline) bindExchange(ctx context.Context, fleet string) error {
	type binding struct {
		Format int    `json:"format"`
		Fleet  string `json:"fleet"`
	}
	var b binding
	_, err := readJSON(ctx, p.exchange, bindingKey, &b)
	if errors.Is(err, bucket.ErrNotFound) {
		_, err = writeJSON(ctx, p.exchange, bindingKey, binding{1, fleet}, bucket.Condition{Absent: true})
		if err == nil || settledElsewhere(err) {
			_, err = readJSON(ctx, p.exchange, bindingKey, &b)
		}
	}
	if err != nil {
		return fault("fleet.join", "", err)
	}
	if b.Fleet != fleet {
		return &Fault{Op: "fleet.join", Code: CodeForeignFleet, Hint: "the exchange bucket is used by another store; give each store an exchange of its own"}
	}
	return nil
}

// settledElsewhere: the write may not have been ours, but something stands there.
func settledElsewhere(err error) bool {
	return errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrUnknown)
}

// maxControl bounds a control object, in bytes.
const maxControl = 1 << 20

func readJSON(ctx context.Context, s Store, key string, into any) (bucket.Info, error) {
	obj, err := s.Get(ctx, key, bucket.GetOptions{})
	if err != nil {
		return bucket.Info{}, err
	}
	defer obj.Body.Close()
	b, err := io.ReadAll(io.LimitReader(obj.Body, maxControl))
	if err != nil {
		return bucket.Info{}, &bucket.Error{Op: "get", Class: bucket.ErrUnavailable}
	}
	if json.Unmarshal(b, into) != nil {
		return bucket.Info{}, errors.New("a control object is not what this program writes")
	}
	return obj.Info, nil
}

func writeJSON(ctx context.Context, s Store, key string, v any, c bucket.Condition) (bucket.Info, error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return bucket.Info{}, err
	}
	return s.Put(ctx, key, bytes.NewReader(b), bucket.PutOptions{Condition: c, ContentType: "application/json"})
}
