package main

import (
	"fmt"

	"github.com/zdrworker/zdrworker/worker"
)

// parseLine is the parse of a job as part of its JSON line.
func parseLine(p *worker.JobParse) map[string]any {
	line := map[string]any{"ready": p.Ready, "reused": p.Reused}
	for name, value := range map[string]string{"ref": p.Ref, "state": string(p.State), "code": string(p.Code)} {
		if value != "" {
			line[name] = value
		}
	}
	if p.Ready {
		line["partial"], line["pages"], line["credits"] = p.Partial, p.Pages, p.Credits
	}
	return line
}

// parseOf says in a few words what became of a job's parse; "" for Markdown.
func parseOf(j worker.Job) string {
	p := j.Parse
	switch {
	case p == nil:
		return ""
	case p.Ready:
		return readyParse(p)
	case p.Code != "" && p.State == worker.Held:
		return fmt.Sprintf("held (%s): it is job %s that somebody must decide about", p.Code, shortRef(p.Ref))
	case p.Code != "":
		return fmt.Sprintf("failed (%s), job %s", p.Code, shortRef(p.Ref))
	case p.Ref != "":
		return fmt.Sprintf("job %s", shortRef(p.Ref))
	}
	return "not begun"
}

func readyParse(p *worker.JobParse) string {
	text := "parsed"
	if p.Pages > 0 {
		text = count(p.Pages, "page")
	}
	if p.Partial {
		text += ", some could not be read"
	}
	if p.Reused {
		return text + ", reused (job " + shortRef(p.Ref) + ")"
	}
	return fmt.Sprintf("%s, %s credits, job %s", text, credits(p.Credits), shortRef(p.Ref))
}

// parsedSoFar is the parse in an explanation: "parse reused".
func parsedSoFar(p *worker.JobParse) string {
	switch {
	case p == nil || !p.Ready:
		return ""
	case p.Reused:
		return "parse reused"
	}
	return "parsed"
}
