// Package presign makes the two presigned URLs that a provider works with: a
// GET of one staged object and a PUT of one outbox object. It answers how long
// they can live, and it hands them out as a type that cannot leak.
//
// # What is signed
//
// AWS Signature Version 4 in the query, one object, one method, and no header
// but host: no content type, no checksum, no ACL, no condition. Whoever holds
// the URL sends whatever headers its HTTP client likes. The SDK's own marker
// x-id is taken out before signing, so that a URL's parameters are X-Amz-* and
// nothing else; what comes out is checked, and an SDK that adds to it makes
// signing fail, not a provider's request.
//
// # For how long
//
// [Limits.Until] is one pure function over all limits: what was asked, the
// policy, the credentials' own end (a URL dies with the session that signed it,
// whatever its own expiry says), the oldest signature that a bucket policy lets
// in, and the seven days of Signature Version 4. It gives a time and the limit
// that set it, or a [*TooShort] that names the limit in the way and what to
// change. A URL that dies under a running job is a document billed and lost, so
// a [Signer] renews credentials that end too early before it gives up.
//
// All times are on S3's clock: a URL ends at its X-Amz-Date plus its
// X-Amz-Expires, both in whole seconds, as S3 reads them. [Clock] measures how
// far the local clock is off.
//
// # By whom
//
// Two identities, because the holder of a PUT URL can make some stores copy any
// object that its signer may read: the reader signs GETs of staging keys, the
// writer PUTs of outbox keys, and neither signs anything else. The same access
// key for both is let through for development; [Signer.Separate] shows it.
//
// # Deposit first
//
// Whether a URL is for GET or PUT, and who signed it, cannot be read off it. So
// every signature is deposited with a [Depository] (the guard of package zdr)
// before it is returned. A deposit that fails returns no URL.
//
// # Hosts
//
// Against AWS the host is the regional, virtual-hosted one: the global one may
// answer with a redirect that a provider does not follow. A bucket name with
// dots, which a wildcard certificate does not cover, is addressed in path style
// over https. Config.Endpoint is the store's address as the provider sees it,
// which may differ from the worker's; Config.PathStyle is for stores without
// virtual hosts.
package presign
