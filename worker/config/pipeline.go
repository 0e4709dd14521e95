package config

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zdrworker/zdrworker/presign"
	"github.com/zdrworker/zdrworker/worker"
	"github.com/zdrworker/zdrworker/worker/ade"
	"github.com/zdrworker/zdrworker/worker/s3store"
	"github.com/zdrworker/zdrworker/zdr"
)

// Extras are what a configuration file does not say.
type Extras struct {
	Routes worker.Routes
	// Approve are schemas that a person gave by hand: giving one is approving it.
	Approve []zdr.Schema
	// Recorder is told every verdict of the boundary. Required.
	Recorder zdr.Recorder
	Logger   *slog.Logger
	Settings worker.Settings
	// Registerer gets the pipeline's metrics. Default: nothing is measured.
	Registerer prometheus.Registerer
	// RecordsOnly says that nothing is asked of the provider: jobs are read and
	// changed, so no API key is needed. Default: false.
	RecordsOnly bool
}

// Assembly is a pipeline with the parts that it was made of.
type Assembly struct {
	Pipeline        *worker.Pipeline
	Store, Exchange *s3store.Store
	Guard           *zdr.Guard
	Signer          *presign.Signer
}

// Assemble makes the whole pipeline of a configuration: buckets, signer, guard,
// client, worker. Errors are *Missing, *Error, *NoKey, those of the stores, of
// zdr.NewGuard, presign.New and worker.New.
func (c *Config) Assemble(ctx context.Context, x Extras) (*Assembly, error) {
	if err := c.Require("store", "exchange"); err != nil {
		return nil, err // before AWS: who begins has no region either
	}
	cfg, err := c.AWS(ctx)
	if err != nil {
		return nil, err
	}
	a := &Assembly{}
	if a.Store, a.Exchange, err = c.OpenStores(ctx, cfg); err != nil {
		return nil, err
	}
	if _, err := c.APIKey(ctx); err != nil && !x.RecordsOnly {
		return nil, err
	}
	signing, err := c.Presign(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := watchExpiry(&signing, x.Registerer); err != nil {
		return nil, err
	}
	if a.Guard, a.Signer, err = c.Partners(signing, x); err != nil {
		return nil, err
	}
	c.settings(&x.Settings)
	a.Pipeline, err = worker.New(ctx, worker.Config{
		Store: a.Store, Exchange: a.Exchange, Provider: ade.NewWithKey(a.Guard, c.APIKey), Signer: a.Signer,
		Routes: x.Routes, Settings: x.Settings, Development: c.Policy.Development, Logger: x.Logger, Recorder: x.Recorder,
		Limits: worker.Limits(c.Provider.Limits), Budget: worker.Budget{CreditsPerDay: c.Budget.CreditsPerDay}, Password: c.Password,
		Registerer: x.Registerer,
	})
	return a, err
}

// settings are the numbers of the protocol that the configuration says.
func (c *Config) settings(s *worker.Settings) {
	t := c.Timing
	s.ListLag, s.Lease, s.PostTimeout, s.Skew = c.Provider.ListLag, t.Lease, t.PostTimeout, t.ClockSkew
	s.DrainMargin, s.JobTime, s.Ask, s.KeepParsed = t.DrainMargin, t.JobTime, t.Ask, c.Keep.Parsed
	s.OnUncertain, s.OnSourceDeleted = worker.Uncertain(c.Defaults.OnUncertain), worker.Deleted(c.Defaults.OnSourceDeleted)
}

// Partners makes guard and signer, which know each other: the guard lets out
// only what the signer has deposited, and replies may name only where the
// signer signs for.
func (c *Config) Partners(signing presign.Config, x Extras) (*zdr.Guard, *presign.Signer, error) {
	var lazy depository
	signing.Depository = &lazy
	signer, err := presign.New(signing)
	if err != nil {
		return nil, nil, c.signerMistake(err)
	}
	policy, err := c.Boundary()
	if err != nil {
		return nil, nil, err
	}
	policy.URLPrefixes, policy.StagingPrefixes = signer.URLPrefixes(), []string{signer.StagingBase()}
	for _, s := range x.Approve {
		policy.Approve(s, "command-line")
	}
	guard, err := zdr.NewGuard(policy, x.Recorder)
	if err != nil {
		return nil, nil, c.policyMistake(err)
	}
	lazy.guard = guard
	return guard, signer, guard.UseBaseURL(c.Provider.BaseURL)
}

// depository hands grants to a guard that is made after the signer.
type depository struct{ guard *zdr.Guard }

func (d *depository) Deposit(ctx context.Context, g zdr.Grant) error { return d.guard.Deposit(ctx, g) }
