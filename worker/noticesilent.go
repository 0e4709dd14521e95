package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/zdrworker/zdrworker/worker/ade"
)

// askPages bounds one walk of the provider's list for one status.
const askPages = 10

// quiet is how long a job has not changed when the provider is asked about it
// alone, whoever nudges. Before that the list answers for all.
const quiet = 8 * time.Minute

// quietFor reports whether it has been that long.
func (p *Pipeline) quietFor(r *record) bool { return p.now().Sub(r.UpdatedAt) > quiet }

// silent gives again and again, until ctx ends, the jobs that ended without a
// result. Two walks of the provider's list, by status, answer for all that this
// worker has out; jobs that they do not show are asked for one by one as they
// grow old.
func (p *Pipeline) silent(ctx context.Context, out *outstanding, ended func(ID)) {
	for wait := p.set.Ask; sleep(ctx, jittered(wait)); {
		walked, found := false, 0
		for _, step := range []string{StepExtract, StepParse} {
			silent := out.silent(step, p.set.Ask/2)
			walked = walked || len(silent) > 0
			for _, id := range p.endedOf(ctx, out, step, silent) {
				out.drop(id)
				ended(id)
				found++
			}
		}
		if wait = min(wait*2, 5*p.set.Ask); found > 0 || !walked {
			wait = p.set.Ask
		}
	}
}

// endedOf walks the list for silent jobs of one step.
func (p *Pipeline) endedOf(ctx context.Context, out *outstanding, step string, silent map[uint64]ID) (ended []ID) {
	for _, status := range []ade.Status{ade.StatusFailed, ade.StatusCancelled} {
		if len(silent) == 0 {
			break
		}
		some, err := p.walkFor(ctx, out, step, status, silent)
		if ended = append(ended, some...); err != nil {
			if ctx.Err() == nil {
				p.log.LogAttrs(ctx, slog.LevelInfo, "provider's list not read", slog.String("code", string(codeFor(err))), slog.String("worker", p.holder))
			}
			break
		}
	}
	return ended
}

// walkFor gives the silent jobs that are in the list under a status.
func (p *Pipeline) walkFor(ctx context.Context, out *outstanding, step string, status ade.Status, silent map[uint64]ID) (ended []ID, err error) {
	for page := range askPages {
		list, err := p.jobsOf(ctx, step, ade.ListOptions{Page: page, PageSize: ade.MaxPageSize, Status: status})
		if err != nil {
			return ended, err
		}
		for _, one := range list.Jobs {
			key := out.hash(one.ID.String())
			if id, ours := silent[key]; ours {
				delete(silent, key)
				ended = append(ended, id)
			}
		}
		if !list.HasMore {
			break
		}
	}
	return ended, nil
}
