package zdr

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Role is whose signature a presigned URL carries.
type Role string

// The two signing identities. Neither can do the other's work.
const (
	Reader Role = "reader" // signs GET of a staged object
	Writer Role = "writer" // signs PUT of an outbox object
)

// Grant is a capability: the promise of the signer that it issued one URL, for
// one method, one key, one job and one attempt. Whether a URL is for GET or PUT
// and who signed it cannot be read off it. The URL itself is not in a Grant,
// only its digest; the signature in it makes the digest unguessable.
type Grant struct {
	URL         [sha256.Size]byte // SHA-256 of the whole URL
	Role        Role
	Method      string // GET for a Reader, PUT for a Writer
	Key         string // key in the exchange bucket: 1 to 512 of A-Z a-z 0-9 / . _ - = ~ +
	Ref         string
	Attempt     int // 1 and up
	AccessKeyID string
	SignedAt    time.Time // on S3's clock, in whole seconds
	Until       time.Time // when S3 refuses the URL, as SignedAt

	// place is the digest of the URL without its query: a provider's reply may
	// name the outbox with the signature cut off.
	place [sha256.Size]byte
	// seal is set where the URL was read and says the same as the grant.
	seal [sha256.Size]byte
}

// GrantFor completes g with the digests of rawURL, which it reads. Deposit
// refuses the grant of a URL that is not presigned with Signature Version 4,
// for g's Key, by g's AccessKeyID and from SignedAt until Until in whole
// seconds, or that has any other parameter. Whether it was signed for GET or
// PUT cannot be read off it. Set the other fields of g before.
func GrantFor(rawURL string, g Grant) Grant {
	g.URL, g.place, g.seal = [sha256.Size]byte{}, [sha256.Size]byte{}, [sha256.Size]byte{}
	u, err := url.Parse(rawURL)
	if err != nil {
		return g
	}
	g.URL = sha256.Sum256([]byte(rawURL))
	g.place = placeOf(u)
	if signedAs(u, g) {
		g.seal = sealOf(g)
	}
	return g
}

func placeOf(u *url.URL) [sha256.Size]byte {
	bare := *u
	bare.RawQuery, bare.ForceQuery = "", false
	return sha256.Sum256([]byte(bare.String()))
}

// Deposit takes a capability that the signer has just issued, so that the URL
// may leave once, in the field of its role, for its job and attempt, until its
// end. The entry "signed" is kept first. A *Refusal with RuleGrant or
// RuleExpired where the grant contradicts itself or the policy, a *RecordError
// where the recorder fails: then the URL never leaves. Used and expired grants
// are forgotten. It is safe for concurrent use.
func (g *Guard) Deposit(ctx context.Context, grant Grant) error {
	about := Call{Operation: opPresign, Ref: grant.Ref, Attempt: grant.Attempt}
	now := time.Now()
	if rule := g.policy.checkGrant(grant, now); rule != "" {
		return g.refuse(ctx, about, grant.Method, rule)
	}
	e := g.entry(KindSigned, about)
	e.Host, e.Method, e.Key = "", grant.Method, grant.Key
	e.AccessKeyID, e.Until = grant.AccessKeyID, grant.Until
	if err := g.record(ctx, e); err != nil {
		return err
	}
	if !g.grants.put(grant, now) {
		return g.refuse(ctx, about, grant.Method, RuleGrant)
	}
	return nil
}

func (p Policy) checkGrant(g Grant, now time.Time) string {
	pair := g.Role == Reader && g.Method == http.MethodGet || g.Role == Writer && g.Method == http.MethodPut
	switch {
	case !pair, g.URL == [sha256.Size]byte{}, !isToken(g.Key, 512, "/._-=~+"),
		!isRef(g.Ref), g.Attempt < 1, !isToken(g.AccessKeyID, 128, "_-"):
		return RuleGrant
	case g.SignedAt.IsZero(), !g.Until.After(g.SignedAt), g.Until.Sub(g.SignedAt) > p.lifetime():
		return RuleGrant
	case !now.Before(g.Until):
		return RuleExpired
	case g.seal != sealOf(g):
		return RuleGrant // the URL says otherwise
	}
	return ""
}

// maxGrants bounds the registry: more open grants than this means that
// something signs without submitting.
const maxGrants = 1 << 17

// registry holds the grants that may still be used, and where the results of
// the used ones may lie until their URLs end. Its size follows what is open: it
// sweeps whenever it has doubled. The zero value is ready.
type registry struct {
	mu       sync.Mutex
	grants   map[[sha256.Size]byte]Grant
	outboxes map[spot]uint32 // until when, in seconds since 1970: many wait at once
	sweepAt  int
}

// spot is enough of a place's digest to tell it from others, which an answer
// would have to meet by chance.
type spot [16]byte

func spotOf(place [sha256.Size]byte) spot { return spot(place[:16]) }

// claim is what a field of a request wants to use.
type claim struct {
	url     [sha256.Size]byte
	role    Role
	ref     string
	attempt int
}

// put keeps a grant. It is false when the URL is there already or the registry
// is full.
func (r *registry) put(g Grant, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.grants == nil {
		r.grants, r.outboxes = map[[sha256.Size]byte]Grant{}, map[spot]uint32{}
	}
	if len(r.grants)+len(r.outboxes) >= r.sweepAt {
		r.sweep(now)
	}
	if _, there := r.grants[g.URL]; there || len(r.grants) >= maxGrants {
		return false
	}
	r.grants[g.URL] = g
	return true
}

// take uses all claims or none, and gives the earliest end of their URLs, or
// the rule that is in the way.
func (r *registry) take(now time.Time, claims []claim) (until time.Time, rule string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range claims {
		g, there := r.grants[c.url]
		if !there || g.Role != c.role || g.Ref != c.ref || g.Attempt != c.attempt {
			return time.Time{}, RuleCapability
		}
		if !now.Before(g.Until) {
			delete(r.grants, c.url)
			return time.Time{}, RuleExpired
		}
		if until.IsZero() || g.Until.Before(until) {
			until = g.Until
		}
	}
	for _, c := range claims {
		r.use(c.url)
	}
	return until, ""
}

func (r *registry) use(url [sha256.Size]byte) {
	g := r.grants[url]
	delete(r.grants, url)
	if g.Role == Writer && g.place != [sha256.Size]byte{} {
		r.outboxes[spotOf(g.place)] = uint32(g.Until.Unix())
	}
}

// holds reports whether an outbox was let out at this place and its URL has not
// ended.
func (r *registry) holds(place [sha256.Size]byte, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	until, there := r.outboxes[spotOf(place)]
	return there && now.Unix() < int64(until)
}

func (r *registry) sweep(now time.Time) {
	for k, g := range r.grants {
		if !now.Before(g.Until) {
			delete(r.grants, k)
		}
	}
	for k, until := range r.outboxes {
		if now.Unix() >= int64(until) {
			delete(r.outboxes, k)
		}
	}
	r.sweepAt = max(64, 2*(len(r.grants)+len(r.outboxes)))
}
