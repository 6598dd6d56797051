# What R answers to the inputs that engine_inputs.py drew: Rscript make_engine_reference.R DIR
# Reads DIR, writes the references beside the inputs. The number in a file's name is its number of
# features. Packages: limma (3.54.1), statmod, edgeR, DESeq2, lmerTest, pbkrtest, jsonlite.
# Beyond 3.60, limma moderates variances of unequal degrees of freedom in another way.
suppressPackageStartupMessages({
  library(limma); library(edgeR); library(DESeq2); library(lmerTest); library(pbkrtest)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
priors <- list()

at <- function(...) file.path(folder, sprintf(...))
save_as <- function(table, ...) write.csv(table, at(...), row.names = FALSE)
read_values <- function(file) as.matrix(read.csv(gzfile(file), row.names = 1, check.names = FALSE))
inputs_like <- function(pattern) {
  found <- list.files(folder, pattern)
  found[order(as.integer(gsub("\\D", "", found)))]
}
# subject and phase are in a sample's name
subject_of <- function(Y) factor(sub("_.*", "", colnames(Y)))
phase_of <- function(Y) factor(sub(".*_", "", colnames(Y)))

# phases within persons: blocks, correlated blocks, paired differences --------------------------
block_design <- function(Y) {
  subject <- subject_of(Y); phase <- phase_of(Y)
  model.matrix(~ subject + phase)
}

block_fits <- function(Y, tag, name) {
  fit <- lmFit(Y, block_design(Y))
  e <- eBayes(fit)
  priors[[tag]] <<- list(df.prior = e$df.prior, s2.prior = e$s2.prior)
  table <- data.frame(
    logFC_b = e$coef[, "phaseb"], t_b = e$t[, "phaseb"], p_b = e$p.value[, "phaseb"],
    logFC_c = e$coef[, "phasec"], t_c = e$t[, "phasec"], p_c = e$p.value[, "phasec"],
    df = e$df.residual
  )
  if (!anyNA(Y)) {
    both <- topTable(e, coef = c("phaseb", "phasec"), number = Inf, sort.by = "none")
    table <- cbind(table, s2post = e$s2.post, sigma = e$sigma, F = both$F, pF = both$P.Value,
                   q_b = p.adjust(e$p.value[, "phaseb"], "BH"))
    trend <- eBayes(fit, trend = TRUE); robust <- eBayes(fit, robust = TRUE)
    both <- eBayes(fit, trend = TRUE, robust = TRUE)
    save_as(data.frame(
      t_trend = trend$t[, "phaseb"], p_trend = trend$p.value[, "phaseb"],
      t_rob = robust$t[, "phaseb"], p_rob = robust$p.value[, "phaseb"], dfp_rob = robust$df.prior,
      t_trend_rob = both$t[, "phaseb"], p_trend_rob = both$p.value[, "phaseb"]
    ), "limma_trend_robust_%s.csv", name)
  }
  save_as(table, "limma_block_%s.csv", name)
}

correlated_fits <- function(Y, tag, name) {
  subject <- subject_of(Y); phase <- phase_of(Y)
  design <- model.matrix(~ phase)
  dc <- duplicateCorrelation(Y, design, block = subject)
  e <- eBayes(lmFit(Y, design, block = subject, correlation = dc$consensus.correlation))
  priors[[tag]] <<- c(priors[[tag]], list(
    consensus = dc$consensus.correlation, dfp_dc = e$df.prior, s2p_dc = e$s2.prior))
  save_as(data.frame(
    logFC_b = e$coef[, "phaseb"], t_b = e$t[, "phaseb"], p_b = e$p.value[, "phaseb"],
    t_c = e$t[, "phasec"], p_c = e$p.value[, "phasec"], s2post = e$s2.post,
    atanh = dc$atanh.correlations
  ), "limma_duplicate_correlation_%s.csv", name)
}

paired_fits <- function(Y, name) {
  subject <- subject_of(Y); phase <- phase_of(Y)
  level <- rowMeans(Y, na.rm = TRUE)
  of <- function(p) { part <- Y[, phase == p]; colnames(part) <- subject[phase == p]; part }
  table <- data.frame(feature = rownames(Y))
  for (p in c("b", "c")) {
    shared <- intersect(colnames(of(p)), colnames(of("a")))
    fit <- lmFit(of(p)[, shared] - of("a")[, shared], matrix(1, length(shared), 1))
    plain <- eBayes(fit); trend <- eBayes(fit, trend = level); robust <- eBayes(fit, robust = TRUE)
    columns <- data.frame(
      logFC = fit$coef[, 1], df = fit$df.residual, t = plain$t[, 1], p = plain$p.value[, 1],
      t_trend = trend$t[, 1], p_trend = trend$p.value[, 1],
      t_robust = robust$t[, 1], p_robust = robust$p.value[, 1]
    )
    table <- cbind(table, setNames(columns, paste0(names(columns), "_", p)))
  }
  save_as(table, "limma_paired_%s.csv", name)
}

weighted_fits <- function(Y, W, name) {
  subject <- subject_of(Y); phase <- phase_of(Y)
  e <- eBayes(lmFit(Y, model.matrix(~ subject + phase), weights = W))
  # one correlation for all, so that only the weights are new
  g <- eBayes(lmFit(Y, model.matrix(~ phase), block = subject, correlation = .4, weights = W))
  priors$weighted <<- list(df.prior = e$df.prior, s2.prior = e$s2.prior, correlation = .4)
  save_as(data.frame(
    logFC_b = e$coef[, "phaseb"], t_b = e$t[, "phaseb"], p_b = e$p.value[, "phaseb"],
    logFC_b_cor = g$coef[, "phaseb"], t_b_cor = g$t[, "phaseb"], p_b_cor = g$p.value[, "phaseb"]
  ), "limma_weighted_%s.csv", name)
}

# parallel arms -------------------------------------------------------------------------------
arm_fits <- function(Y, people, name) {
  people <- people[match(colnames(Y), people$sample_id), ]
  people$phase <- factor(people$phase, c("pre", "post"))
  design <- model.matrix(~ arm * phase + age, people)
  dc <- duplicateCorrelation(Y, design, block = people$subject)
  e <- eBayes(lmFit(Y, design, block = people$subject, correlation = dc$consensus.correlation))
  priors$arms <<- list(consensus = dc$consensus.correlation, dfp_dc = e$df.prior,
                       s2p_dc = e$s2.prior)
  columns <- c(interaction = "armB:phasepost", arm = "armB", age = "age")
  table <- lapply(names(columns), function(k) setNames(
    data.frame(e$coef[, columns[k]], e$t[, columns[k]], e$p.value[, columns[k]]),
    paste0(c("logFC_", "t_", "p_"), k)))
  save_as(data.frame(table, atanh = dc$atanh.correlations),
          "limma_duplicate_correlation_arms_%s.csv", name)
  for (method in c("Satterthwaite", "Kenward-Roger"))
    mixed_fits(Y, people, y ~ arm * phase + (1 | subject), c("armB:phasepost", "armB"), method,
               paste0("arms_", name))
}

# mixed models --------------------------------------------------------------------------------
# by default lmer stops about 1e-5 short of the optimum
to_the_end <- lmerControl(optCtrl = list(xtol_abs = 1e-11, ftol_abs = 1e-13))

mixed_fits <- function(Y, people, formula, terms, method, name) {
  rows <- apply(Y, 1, function(y) {
    fit <- suppressMessages(lmerTest::lmer(formula, cbind(people, y = y), na.action = na.omit,
                                           control = to_the_end))
    found <- summary(fit, ddf = method)$coefficients[terms, ]
    c(t(found), as.data.frame(VarCorr(fit))$vcov)
  })
  own <- c("Estimate", "Std. Error", "df", "t value", "Pr(>|t|)")
  table <- setNames(as.data.frame(t(rows)), c(own, paste0(own, ".1"), "tau2", "s2"))
  short <- c(Satterthwaite = "satterthwaite", "Kenward-Roger" = "kenward_roger")[method]
  save_as(table, "lmer_%s_%s.csv", short, name)
}

phase_models <- function(Y, method, name) {
  people <- data.frame(subject = subject_of(Y), phase = phase_of(Y))
  mixed_fits(Y, people, y ~ phase + (1 | subject), c("phaseb", "phasec"), method, name)
}

# counts --------------------------------------------------------------------------------------
count_fits <- function(Y) {
  design <- block_design(Y)
  y <- calcNormFactors(DGEList(Y))
  save_as(data.frame(sample = colnames(Y), y$samples), "tmm.csv")
  v <- voom(y, design)
  e <- eBayes(lmFit(v, design))
  save_as(data.frame(t = e$t[, "phaseb"], p = e$p.value[, "phaseb"], w1 = v$weights[, 1],
                     nf = rep_len(y$samples$norm.factors, nrow(Y))), "voom.csv")
  y <- estimateDisp(y, design)
  q <- glmQLFTest(glmQLFit(y, design), coef = "phaseb")
  save_as(data.frame(lfc = q$table$logFC, F = q$table$F, p = q$table$PValue,
                     disp = y$tagwise.dispersion, trend = y$trended.dispersion),
          "edger_quasi_likelihood.csv")
  people <- data.frame(subject = subject_of(Y), phase = phase_of(Y))
  d <- suppressMessages(DESeq(DESeqDataSetFromMatrix(Y, people, ~ subject + phase), quiet = TRUE))
  r <- results(d, name = "phase_b_vs_a", independentFiltering = FALSE, cooksCutoff = FALSE)
  save_as(data.frame(lfc = r$log2FoldChange, se = r$lfcSE, stat = r$stat, p = r$pvalue,
                     disp = dispersions(d), sf = rep_len(sizeFactors(d), nrow(Y))), "deseq2.csv")
}

composition_fits <- function(n, people) {
  n <- t(as.matrix(n)) + .5
  share <- sweep(n, 2, colSums(n), "/")
  colnames(share) <- people$sample_id
  fit <- lmFit(log(share / (1 - share)), block_design(share))
  plain <- eBayes(fit); robust <- eBayes(fit, robust = TRUE)
  save_as(data.frame(t = plain$t[, "phasec"], p = plain$p.value[, "phasec"],
                     pr = robust$p.value[, "phasec"], dfp = plain$df.prior,
                     dfpr = robust$df.prior), "propeller.csv")
}

# gene sets -----------------------------------------------------------------------------------
set_tests <- function(Y, sets) {
  design <- block_design(Y)
  names <- unique(sets$set)
  index <- ids2indices(split(sets$feature, factor(sets$set, names)), rownames(Y))
  ask <- function(test, ...) test(Y, index, design, contrast = "phaseb", sort = FALSE, ...)
  preset <- ask(camera)
  estimated <- ask(camera, inter.gene.cor = NA)
  rotation <- ask(fry)
  save_as(data.frame(
    set = names, n = preset$NGenes, camera_p = preset$PValue, camera_direction = preset$Direction,
    camera_estimated_cor = estimated$Correlation, camera_estimated_p = estimated$PValue,
    fry_p = rotation$PValue
  ), "camera_fry_%d_sets.csv", length(names))
}

# all of it -----------------------------------------------------------------------------------
complete_files <- inputs_like("^complete_")
complete <- read_values(at(tail(complete_files, 1)))
n <- nrow(complete)
block_fits(complete, as.character(n), n)
correlated_fits(complete, as.character(n), n)
paired_fits(complete, n)

missing <- read_values(at(inputs_like("^missing_")))
gaps <- function(rows) sprintf("missing_%d", rows)
block_fits(missing, "miss", gaps(nrow(missing)))
correlated_fits(missing, "miss", gaps(nrow(missing)))
paired_fits(missing, gaps(nrow(missing)))

mixed <- read_values(at(complete_files[1]))
for (method in c("Satterthwaite", "Kenward-Roger")) phase_models(mixed, method, nrow(mixed))
rows <- pmin(c(400, 200), nrow(missing))
phase_models(missing[seq_len(rows[1]), ], "Satterthwaite", gaps(rows[1]))
phase_models(missing[seq_len(rows[2]), ], "Kenward-Roger", gaps(rows[2]))

count_fits(read_values(at("counts.csv.gz")))
composition_fits(read.csv(at(inputs_like("^cell_counts_"))), read.csv(at("samples.csv")))
set_tests(complete, read.csv(at(inputs_like("^sets_"))))

# a folder of references from elsewhere may lack the two designs below
if (length(inputs_like("^weights_")))
  weighted_fits(complete, read_values(at(inputs_like("^weights_"))), n)
if (length(inputs_like("^arms_"))) {
  arms <- read_values(at(inputs_like("^arms_")))
  arm_fits(arms, read.csv(at("arm_samples.csv")), nrow(arms))
}

writeLines(jsonlite::toJSON(priors, auto_unbox = TRUE, digits = NA, pretty = TRUE),
           at("limma_priors.json"))
packages <- c("limma", "statmod", "edgeR", "DESeq2", "lme4", "lmerTest", "pbkrtest", "jsonlite")
versions <- sapply(packages, function(p) as.character(packageVersion(p)))
writeLines(c(R.version.string, paste(packages, versions)), at("versions.txt"))
