// Package profile reads a profile and its ancestors (PMS chapter 5).
package profile
