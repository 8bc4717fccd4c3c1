package store

import (
	"context"
	"database/sql"
	"errors"
)

// keepSpecs keeps the files of the specs that begin to run, once per version.
func keepSpecs(ctx context.Context, tx *transaction, version string, files func() ([]byte, error)) error {
	if files == nil {
		return nil
	}
	var there int
	if err := tx.row(ctx, `SELECT count(*) FROM spec_versions WHERE version = $1`, []any{version}, &there); err != nil || there > 0 {
		return err
	}
	packed, err := files()
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO spec_versions (version, files, first_at) VALUES ($1, $2, $3)`, version, packed, tx.now)
	return err
}

// Specs returns the packed files of a version that ran, as Begin was given them; nil when they were not kept.
func (s *Store) Specs(ctx context.Context, version string) ([]byte, error) {
	var files []byte
	err := s.read.QueryRowContext(ctx, `SELECT files FROM spec_versions WHERE version = $1`, version).Scan(&files)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return files, broken("read the specs of a run", version, err)
}
