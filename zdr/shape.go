package zdr

import (
	"encoding/json"
	"strings"
)

// shape is what a value of a reply may be. Facts are those of the provider's
// published OpenAPI v1 and, for errors, of its troubleshooting pages.
type shape struct {
	kind    shapeKind
	members []member // of isObject
	element *shape   // an array of these is kept as well
}

type member struct {
	name string
	shape
}

type shapeKind int

const (
	isUnknown   shapeKind = iota // skipped unread, and counted
	isIgnored                    // echoes what we sent: skipped, not counted
	isText                       // words of the provider; may quote a document
	isPlain                      // a name or id of a few plain characters
	isID                         // a job id
	isNumeric                    // a number of at most 32 characters
	isBool                       // true or false
	isScalar                     // text or number
	isObject                     // an object with known members
	isContent                    // must be null
	isOutputURL                  // must be an outbox of ours
)

func object(members ...member) shape  { return shape{kind: isObject, members: members} }
func arrayOf(element shape) shape     { return shape{kind: isUnknown, element: &element} }
func of(name string, s shape) member  { return member{name, s} }
func kindOf(k shapeKind) shape        { return shape{kind: k} }
func textOrArray(element shape) shape { return shape{kind: isText, element: &element} }

var createdShape = object(of("job_id", kindOf(isID)))

var summaryMembers = []member{
	of("job_id", kindOf(isID)), of("status", kindOf(isPlain)), of("received_at", kindOf(isNumeric)),
	of("created_at", kindOf(isNumeric)), of("progress", kindOf(isNumeric)), of("failure_reason", kindOf(isText)),
}

var extractJobShape = object(append(summaryMembers[:len(summaryMembers):len(summaryMembers)],
	of("version", kindOf(isPlain)), of("org_id", kindOf(isPlain)), of("metadata", extractMetadataShape),
	of("data", kindOf(isContent)), of("output_url", kindOf(isOutputURL)),
)...)

var extractMetadataShape = object(
	of("filename", kindOf(isText)), of("org_id", kindOf(isPlain)), of("duration_ms", kindOf(isNumeric)),
	of("credit_usage", kindOf(isNumeric)), of("job_id", kindOf(isPlain)), of("version", kindOf(isPlain)),
	of("fallback_model_version", kindOf(isPlain)), of("schema_violation_error", kindOf(isText)),
	of("warnings", arrayOf(object(of("code", kindOf(isPlain)), of("msg", kindOf(isText))))),
)

var jobListShape = object(
	of("jobs", arrayOf(shape{kind: isObject, members: summaryMembers})),
	of("has_more", kindOf(isBool)), of("org_id", kindOf(isPlain)),
)

// errorShape takes {"message"}, {"error"} and {"detail"} as a text or in
// FastAPI's form. Its `input` and `ctx` repeat the request, which was ours.
var errorShape = object(
	of("message", kindOf(isText)), of("error", kindOf(isText)),
	of("detail", textOrArray(object(
		of("loc", arrayOf(kindOf(isScalar))), of("msg", kindOf(isText)), of("type", kindOf(isPlain)),
		of("input", kindOf(isIgnored)), of("ctx", kindOf(isIgnored)), of("url", kindOf(isIgnored)),
	))),
)

// memberShape finds the shape of a member by its exact name. A content's name
// is watched for wherever it stands, in any case.
func memberShape(members []member, name string, within shapeKind) shape {
	if within == isIgnored {
		return kindOf(isIgnored)
	}
	for _, m := range members {
		if m.name == name {
			return m.shape
		}
	}
	switch {
	case isContentName(name):
		return kindOf(isContent)
	case strings.EqualFold(name, "output_url"):
		return kindOf(isOutputURL)
	}
	return kindOf(isUnknown)
}

// accepts reports whether a scalar is of the shape.
func (s shape) accepts(t json.Token) bool {
	switch t := t.(type) {
	case string:
		return s.acceptsString(t)
	case json.Number:
		return (s.kind == isNumeric || s.kind == isScalar) && len(t) <= 32
	case bool:
		return s.kind == isBool
	}
	return false
}

func (s shape) acceptsString(t string) bool {
	switch s.kind {
	case isText, isScalar:
		return true
	case isPlain:
		return isToken(t, 128, "._:/+-")
	case isID:
		return isJobID(t)
	}
	return false
}

func (s shape) kept(t json.Token) any {
	if s.kind == isIgnored {
		return nil
	}
	return t
}

// finishCreate takes the one thing that a create answers.
func finishCreate(reply *Reply, held receipt, _ Call) bool {
	id := held.text("job_id")
	reply.Created = JobID{id}
	return id != ""
}

// finishGet makes sure that the reply is about the job that was asked for.
func finishGet(_ *Reply, held receipt, about Call) bool {
	return held.text("job_id") == about.Job.String() && held.text("status") != ""
}

// finishList admits the ids that have the shape of one. An entry without is left
// to the reader of the body: one odd job must not hide the others.
func finishList(reply *Reply, held receipt, _ Call) bool {
	jobs, ok := held["jobs"].([]any)
	for _, j := range jobs {
		summary, _ := j.(receipt)
		if id := summary.text("job_id"); id != "" {
			reply.Jobs = append(reply.Jobs, JobID{id})
		}
	}
	return ok
}
