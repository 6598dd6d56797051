# What R answers to the inputs that make_inputs.py drew. Run in this folder: Rscript make_reference.R
# Packages: survey, lme4, and survival, which comes with R.
suppressPackageStartupMessages({library(survey); library(lme4); library(survival)})

write_table <- function(table, file) {
  numbers <- sapply(table, is.double)
  table[numbers] <- lapply(table[numbers], formatC, digits = 17, format = "g", width = 1)
  write.csv(table, file, row.names = FALSE, quote = FALSE)
}

# regression in a survey ----------------------------------------------------------------------
people <- read.csv("survey_sample.csv")
design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = people)

regressions <- list(
  everyone = list(outcome ~ active, design),
  adjusted = list(outcome ~ active + age + male, design),
  "adults only" = list(outcome ~ active + age + male, subset(design, adult == 1)),
  "an empty cluster" = list(outcome ~ active + age, subset(design, older == 1)),
  "one cycle" = list(outcome ~ active + assay, design)
)
survey_rows <- lapply(names(regressions), function(name) {
  fit <- svyglm(regressions[[name]][[1]], design = regressions[[name]][[2]])
  data.frame(
    model = name, term = names(coef(fit)), estimate = unname(coef(fit)),
    se = unname(SE(fit)), n = length(residuals(fit)),
    # clusters minus strata among the people of the fit; summary() would use df_residual
    df_design = degf(fit$survey.design), df_residual = fit$df.residual
  )
})
write_table(do.call(rbind, survey_rows), "survey_reference.csv")

covariance <- vcov(svyglm(outcome ~ active + age + male, design = design))
write_table(data.frame(term = rownames(covariance), covariance, check.names = FALSE),
            "survey_covariance_reference.csv")

# signed ranks --------------------------------------------------------------------------------
vectors <- read.csv("wilcoxon_vectors.csv")
wilcoxon_rows <- lapply(unique(vectors$vector), function(name) {
  d <- vectors$value[vectors$vector == name]
  test <- wilcox.test(d, conf.int = TRUE, exact = TRUE)
  data.frame(
    vector = name, n = length(d), estimate = unname(test$estimate),
    ci_low = test$conf.int[1], ci_high = test$conf.int[2], p_value = test$p.value
  )
})
write_table(do.call(rbind, wilcoxon_rows), "wilcoxon_reference.csv")

# variance components -------------------------------------------------------------------------
occasions <- read.csv("repeated_occasions.csv")
variance_rows <- lapply(unique(occasions$feature), function(name) {
  own <- occasions[occasions$feature == name, ]
  squares <- summary(aov(log(value) ~ factor(subject), data = own))[[1]][["Mean Sq"]]
  fit <- lmer(log(value) ~ 1 + (1 | subject), data = own, REML = TRUE,
              control = lmerControl(optCtrl = list(ftol_abs = 1e-14, xtol_abs = 1e-12)))
  parts <- as.data.frame(VarCorr(fit))$vcov
  data.frame(feature = name, ms_between = squares[1], ms_within = squares[2],
             reml_between = parts[1], reml_within = parts[2])
})
write_table(do.call(rbind, variance_rows), "variance_reference.csv")

# a mean difference where some values lie below a limit ---------------------------------------
censored <- read.csv("censored_values.csv")
tobit_rows <- lapply(unique(censored$case), function(name) {
  own <- censored[censored$case == name, ]
  own$cell <- factor(paste(own$arm, own$phase))
  fit <- survreg(Surv(log2_value, seen, type = "left") ~ 0 + cell + strata(cell),
                 data = own, dist = "gaussian", cluster = subject, robust = TRUE,
                 control = survreg.control(rel.tolerance = 1e-13, maxiter = 200))
  weight <- c("bout after" = 1, "bout before" = -1, "rest after" = -1, "rest before" = 1)
  weight <- weight[levels(own$cell)]
  means <- seq_along(weight)
  data.frame(
    case = name, n = length(unique(own$subject)), estimate = sum(weight * coef(fit)[means]),
    # without the factor n / (n - 1)
    se = sqrt(drop(t(weight) %*% fit$var[means, means] %*% weight))
  )
})
write_table(do.call(rbind, tobit_rows), "tobit_reference.csv")

cat(R.version.string, "\n")
for (package in c("survey", "lme4", "survival"))
  cat(package, as.character(packageVersion(package)), "\n")
