package ade

import (
	"context"
	"sync"

	"github.com/zdrworker/zdrworker/zdr"
)

// KeySource reads the API key from where it is kept: a file that a secret
// store rewrites, a secrets manager. It is asked once, and again after a 401,
// so that a rotated key needs no restart. It is safe for concurrent use.
type KeySource func(context.Context) (zdr.APIKey, error)

// keyring holds the key that is in use.
type keyring struct {
	read KeySource

	mu   sync.Mutex
	held zdr.APIKey
}

func fixedKey(key zdr.APIKey) *keyring {
	return &keyring{held: key, read: func(context.Context) (zdr.APIKey, error) { return key, nil }}
}

// current gives the key in use and reads it when there is none yet.
func (k *keyring) current(ctx context.Context) (zdr.APIKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.held.IsZero() {
		return k.held, nil
	}
	if k.read == nil {
		return zdr.APIKey{}, nil
	}
	key, err := k.read(ctx)
	if err != nil {
		return zdr.APIKey{}, err
	}
	k.held = key
	return key, nil
}

// renew is asked for after a 401 to a request that carried the refused key. It
// reads the key again, unless another request has done so since, and says
// whether it is another one now.
func (k *keyring) renew(ctx context.Context, refused zdr.APIKey) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held.Reveal() != refused.Reveal() {
		return true
	}
	key, err := k.read(ctx)
	if err != nil || key.IsZero() || key.Reveal() == refused.Reveal() {
		return false
	}
	k.held = key
	return true
}
