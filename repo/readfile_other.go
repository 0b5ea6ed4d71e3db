//go:build !unix

package repo

import (
	"errors"
	"io"
	"os"
)

// readFile returns the content of a regular file of at most limit bytes.
func readFile(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() {
		return "", &FileError{File: path, Err: errors.New("is not a regular file")}
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", err
	}
	if int64(len(b)) > limit {
		return "", tooLarge(path, limit)
	}
	return string(b), nil
}
