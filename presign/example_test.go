package presign_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/zdr"
)

// ledger is a depository that writes down who signed what, as a guard does.
type ledger struct{}

func (ledger) Deposit(_ context.Context, g zdr.Grant) error {
	fmt.Printf("signed by %s: %s %s, attempt %d of %s\n", g.Role, g.Method, g.Key, g.Attempt, g.Ref)
	return nil
}

// One attempt of one job gets its two URLs. They print as nothing; where the
// limits leave too little time, the refusal says which one is in the way.
func Example() {
	signer, err := presign.New(presign.Config{
		Bucket:     "x7k2-9fq4",
		Region:     "us-east-2",
		Reader:     presign.Identity{Credentials: credentials.NewStaticCredentialsProvider("READER-KEY", "reader-secret", "")},
		Writer:     presign.Identity{Credentials: credentials.NewStaticCredentialsProvider("WRITER-KEY", "writer-secret", "")},
		Lifetime:   presign.Limits{Asked: 6 * time.Hour, Policy: 2 * time.Hour},
		Depository: ledger{},
	})
	if err != nil {
		log.Fatal(err)
	}
	ask := presign.Ask{StagingKey: "s/q3v9.md", OutboxKey: "o/q3v9.json", Ref: "7f3c9a1e", Attempt: 1}
	pair, err := signer.Sign(context.Background(), ask)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("printed:", pair.Get)
	fmt.Println("lives:", pair.Until.Sub(pair.SignedAt), "by", pair.Limit)
	fmt.Println("under the outbox:", strings.HasPrefix(pair.Put.Reveal(), signer.OutboxBase()))

	ask.Need = 3 * time.Hour
	_, err = signer.Sign(context.Background(), ask)
	if short, ok := errors.AsType[*presign.TooShort](err); ok {
		fmt.Println("refused:", short.Limit, "leaves", short.Have, "of", short.Need)
	}
	// Output:
	// signed by reader: GET s/q3v9.md, attempt 1 of 7f3c9a1e
	// signed by writer: PUT o/q3v9.json, attempt 1 of 7f3c9a1e
	// printed: [presign.URL redacted]
	// lives: 2h0m0s by policy maximum
	// under the outbox: true
	// refused: policy maximum leaves 2h0m0s of 3h0m0s
}
