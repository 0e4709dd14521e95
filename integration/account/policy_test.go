package account_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zdrworker/zdrworker/zdr"
)

// digest is the schema's, as the policy names it.
var digest = func() string {
	s, err := zdr.ParseSchema([]byte(schema))
	if err != nil {
		panic(err)
	}
	return s.Digest()
}()

// words is one string or several: policies write either.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

type statement struct {
	Sid       string
	Effect    string
	Action    words
	Resource  words
	Condition map[string]map[string]words `json:",omitempty"`
}

type policy struct {
	Version   string
	Statement []statement
}

// rendered are the policies that the module identity renders, for these
// buckets, without what MinIO does not have.
func rendered(t *testing.T, store, exchange string) map[string]policy {
	t.Helper()
	all := map[string]policy{}
	for _, who := range []string{"worker", "reader", "writer"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "terraform", "modules", "identity", "testdata", who+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var p policy
		named := strings.NewReplacer("acme-docs", store, "x7k2-9fq4", exchange).Replace(string(text))
		if err := json.Unmarshal([]byte(named), &p); err != nil {
			t.Fatal(err)
		}
		all[who] = p.onMinIO()
	}
	return all
}

// elsewhere are actions that MinIO does not have. It asks nobody for the use of
// a key, it has another queue, and no block of public access.
var elsewhere = []string{"s3:GetBucketPublicAccessBlock"}

func (p policy) onMinIO() policy {
	out := policy{Version: p.Version}
	for _, s := range p.Statement {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool {
			return !strings.HasPrefix(a, "s3:") || slices.Contains(elsewhere, a)
		})
		if len(s.Action) > 0 {
			out.Statement = append(out.Statement, s.spelt()...)
		}
	}
	return out
}

// spelt writes "like this, if it is there" as two statements: MinIO does not
// know the short form.
func (s statement) spelt() []statement {
	like, ok := s.Condition["StringLikeIfExists"]
	if !ok {
		return []statement{s}
	}
	there, absent := s, s
	there.Condition = map[string]map[string]words{"StringLike": like}
	absent.Sid, absent.Condition = s.Sid+"WithoutPrefix", map[string]map[string]words{"Null": {}}
	for key := range like {
		absent.Condition["Null"][key] = words{"true"}
	}
	return []statement{there, absent}
}

func (p policy) text() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("strings do not encode")
	}
	return string(b)
}

// without takes one action out of one statement.
func (p policy) without(statement int, action string) policy {
	out := policy{Version: p.Version, Statement: slices.Clone(p.Statement)}
	s := &out.Statement[statement]
	s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
	if len(s.Action) == 0 {
		out.Statement = slices.Delete(out.Statement, statement, statement+1)
	}
	return out
}

// right is one action of one allowing statement.
type right struct {
	statement int
	sid       string
	action    string
}

func (r right) String() string {
	return fmt.Sprintf("%s/%s", r.sid, strings.TrimPrefix(r.action, "s3:"))
}

func (p policy) rights() (all []right) {
	for i, s := range p.Statement {
		for _, a := range s.Action {
			if s.Effect == "Allow" {
				all = append(all, right{i, s.Sid, a})
			}
		}
	}
	return all
}
