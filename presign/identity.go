package presign

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// renewEvery is the shortest time between two renewals of credentials that are
// good enough for a job but not for all that was asked. Where a platform never
// gives longer ones, every signature would ask it again otherwise.
const renewEvery = time.Minute

// Identity is one of the two that sign. Credentials that end should come
// through an aws.CredentialsCache (those of aws.Config do); others are put into
// one. The credentials' own service says what they may do: the reader GET
// staging keys, the writer PUT outbox keys, nothing else.
type Identity struct {
	Credentials aws.CredentialsProvider
}

// invalidator is the part of aws.CredentialsCache that makes it ask again.
type invalidator interface{ Invalidate() }

// keyring is an identity at work.
type keyring struct {
	who      string // "reader" or "writer"
	provider aws.CredentialsProvider
	cache    invalidator
	gate     chan struct{} // held while renewing: one asks, the others wait
	renewed  time.Time     // of the latest renewal; guarded by gate
}

func newKeyring(who string, id Identity) *keyring {
	k := &keyring{who: who, provider: id.Credentials, gate: make(chan struct{}, 1)}
	cache, ok := id.Credentials.(invalidator)
	if !ok {
		c := aws.NewCredentialsCache(id.Credentials)
		k.provider, cache = c, c
	}
	k.cache = cache
	return k
}

// lasting gives credentials that end at want or later if a renewal can bring
// such, else the longest there are. It fails with ErrCredentials or the
// context's error.
func (k *keyring) lasting(ctx context.Context, want, least time.Time) (aws.Credentials, error) {
	creds, err := k.retrieve(ctx)
	if err != nil || lasts(creds, want) {
		return creds, err
	}
	select {
	case k.gate <- struct{}{}:
		defer func() { <-k.gate }()
	case <-ctx.Done():
		return aws.Credentials{}, ctx.Err()
	}
	// Somebody else may have renewed them while this one waited.
	creds, err = k.retrieve(ctx)
	if err != nil || lasts(creds, want) || lasts(creds, least) && time.Since(k.renewed) < renewEvery {
		return creds, err
	}
	return k.renew(ctx, creds, least)
}

// renew asks the provider once more. What was there before stays good: it is
// used when the renewal fails or brings less.
func (k *keyring) renew(ctx context.Context, old aws.Credentials, least time.Time) (aws.Credentials, error) {
	k.renewed = time.Now()
	k.cache.Invalidate()
	fresh, err := k.retrieve(ctx)
	switch {
	case err == nil && lasts(fresh, old.Expires):
		return fresh, nil
	case err == nil, lasts(old, least):
		return old, nil
	default:
		return aws.Credentials{}, err
	}
}

func (k *keyring) retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := k.provider.Retrieve(ctx)
	if err != nil || !creds.HasKeys() {
		return aws.Credentials{}, stopped(ctx, ErrCredentials)
	}
	return creds, nil
}

// lasts tells whether credentials are good until t.
func lasts(c aws.Credentials, t time.Time) bool {
	return !c.CanExpire || !c.Expires.Before(t)
}
