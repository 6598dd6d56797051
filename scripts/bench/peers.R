# Time the peers in R on the data that bench wrote: Rscript peers.R FOLDER
# Prints one line a measurement: name, features timed, median seconds. One thread throughout.
suppressPackageStartupMessages({library(limma); library(lmerTest); library(edgeR)})
folder <- commandArgs(TRUE)[1]
repeats <- 5
subject <- factor(rep(sprintf("s%02d", 1:13), each = 3))
phase <- factor(rep(c("a", "b", "c"), 13))
blocked <- model.matrix(~ subject + phase)
plain <- model.matrix(~ phase)

middle <- function(work) {
  work()
  median(replicate(repeats, system.time(work())[["elapsed"]]))
}
tell <- function(name, features, seconds) cat(name, features, seconds, sep = "\t", fill = TRUE)
values <- function(file, features) {
  numbers <- readBin(file.path(folder, file), "double", features * 39)
  matrix(numbers, features, 39)
}
# a peer slower than a second is timed on 200 features; who reads scales it
few <- function(y) y[seq_len(min(200, nrow(y))), , drop = FALSE]

for (size in c(500, 5000, 20000)) {
  y <- values(sprintf("complete_%d.bin", size), size)
  tell("block", size, middle(function() eBayes(lmFit(y, blocked))))
  counts <- values(sprintf("counts_%d.bin", size), size)
  rownames(counts) <- seq_len(size)
  tell("voom", size, middle(function() {
    y <- calcNormFactors(DGEList(counts))
    eBayes(lmFit(voom(y, blocked), blocked))
  }))
}
complete <- few(values("complete_500.bin", 500))
missing <- few(values("missing_500.bin", 500))
tell("duplicate correlation", nrow(complete), middle(function()
  duplicateCorrelation(complete, plain, block = subject)))
mixed <- function(y) function() apply(y, 1, function(v) {
  suppressMessages(coef(summary(lmer(v ~ phase + (1 | subject), na.action = na.omit))))
})
tell("mixed, balanced", nrow(complete), middle(mixed(complete)))
tell("mixed, missing values", nrow(missing), middle(mixed(missing)))
