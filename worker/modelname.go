package worker

import "regexp"

// modelName is what the boundary, too, takes for the name of a model in a reply.
var modelName = regexp.MustCompile(`^[A-Za-z0-9._:/+-]{1,128}$`)

// modelOf is the model that a result names; "" where it says something else.
// What a result says is content: it is not to go into metadata, which cannot
// hold every text either, nor to where a job is shown without its content.
func modelOf(version string) string {
	if !modelName.MatchString(version) {
		return ""
	}
	return version
}
